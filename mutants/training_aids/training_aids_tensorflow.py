# %% [markdown]
# # Batch normalisation, dropout, L2 and a schedule, in TensorFlow

# %% Init
import numpy as np
import tensorflow as tf

EPSILON = 2**-10  # of the batch normalisation
KEPT = 0.875  # of a moving average, at each step
L2 = 2**-5  # the penalty is half of this times the squares of the kernels
MASK = np.random.default_rng(3).random((14, 14, 4)) < 0.75  # what dropout keeps: the same in each step
TRAINED = ("conv_kernel", "norm_gamma", "norm_beta", "dense_kernel", "dense_bias")

# %% Network
shapes = {
    "conv_kernel": (3, 3, 1, 4),
    "norm_gamma": (4,),
    "norm_beta": (4,),
    "norm_moving_mean": (4,),
    "norm_moving_variance": (4,),
    "dense_kernel": (784, 10),
    "dense_bias": (10,),
}


def variables(seed=0):
    model = {name: tf.random.stateless_normal(shape, (seed, 0), stddev=0.1) for name, shape in shapes.items()}
    model |= {"norm_gamma": tf.ones(4), "norm_moving_variance": tf.ones(4)}
    return {name: tf.Variable(start) for name, start in model.items()}


def network(model, images, training=False):
    maps = tf.nn.conv2d(images, model["conv_kernel"], strides=2, padding="SAME")  # (N, 14, 14, 4)
    mean, variance = model["norm_moving_mean"], model["norm_moving_variance"]
    if training:
        mean, variance = tf.nn.moments(maps, (0, 1, 2))
        model["norm_moving_mean"].assign(KEPT * model["norm_moving_mean"] + (1 - KEPT) * mean)
        model["norm_moving_variance"].assign(KEPT * model["norm_moving_variance"] + (1 - KEPT) * variance)
    normal = tf.nn.batch_normalization(maps, mean, variance, model["norm_beta"], model["norm_gamma"], EPSILON)
    hidden = tf.nn.relu(normal)
    if training:
        hidden = hidden * tf.cast(MASK, hidden.dtype) / 0.75
    return tf.reshape(hidden, (-1, 784)) @ model["dense_kernel"] + model["dense_bias"]


# %% Train
def step(model, velocity, images, labels, rate, momentum):
    with tf.GradientTape() as tape:
        logits = network(model, images, training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        penalty = L2 * (tf.nn.l2_loss(model["conv_kernel"]) + tf.nn.l2_loss(model["dense_kernel"]))
        total = loss + penalty
    gradients = tape.gradient(total, {name: model[name] for name in TRAINED})
    for name, gradient in gradients.items():
        velocity[name] = momentum * velocity[name] + gradient
        model[name].assign_sub(rate * velocity[name])
    return float(loss)


def train(
    model,
    images,
    labels,
    *,
    epochs=1,
    batch_size=64,
    learning_rate=0.125,
    momentum=0.75,
    shuffle=True,
    seed=0,
    watch=None,
):
    random, history, count = np.random.default_rng(seed), [], 0
    velocity = dict.fromkeys(TRAINED, 0.0)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        total = 0.0
        for batch in np.split(order, range(batch_size, len(order), batch_size)):
            rate = learning_rate * 0.5 ** (count // 2)
            total += step(model, velocity, images[batch], labels[batch], rate, momentum) * len(batch)
            count += 1
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))
