# %% [markdown]
# # Gradient clipping, in TensorFlow
# A recurrent network multiplies by the same kernel at each of 28 steps. Going back, so does the gradient, and it may
# grow. Variables, matrix products and a gradient tape, without Keras.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The loop over the rows is Python's: in a graph it leaves 28 copies of the step.


# %% Network
def variables(seed=0):
    normal = tf.random.stateless_normal
    model = {"rnn_kernel": normal((28, 64), seed=(seed, 0)) * np.sqrt(2 / (28 + 64))}
    model["rnn_recurrent_kernel"] = tf.linalg.qr(normal((64, 64), seed=(seed, 1))).q  # orthogonal
    model["dense_kernel"] = normal((64, 10), seed=(seed, 2)) * np.sqrt(2 / (64 + 10))
    model |= {"rnn_bias": tf.zeros(64), "dense_bias": tf.zeros(10)}
    return {name: tf.Variable(array) for name, array in model.items()}


def network(model, images):
    state = tf.zeros((tf.shape(images)[0], 64), images.dtype)
    for row in tf.unstack(images[..., 0], num=28, axis=1):  # 28 times (N, 28)
        state = tf.tanh(row @ model["rnn_kernel"] + state @ model["rnn_recurrent_kernel"] + model["rnn_bias"])
    return state @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% [markdown]
# `tf.clip_by_norm` would shorten each gradient by itself. The one of all together also gives the norm that it found.


# %% Clipping
def clip(gradients, max_norm):
    clipped, _ = tf.clip_by_global_norm(list(gradients.values()), max_norm)
    return dict(zip(gradients, clipped, strict=True))


# %% Train
@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def step(model, velocities, images, labels, learning_rate, momentum, max_norm):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=network(model, images))  # (N,)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, model)
    gradients = gradients if max_norm is None else clip(gradients, max_norm)
    for name, variable in model.items():
        velocity = velocities[name].assign(momentum * velocities[name] + gradients[name])
        variable.assign_sub(learning_rate * velocity)
    return loss


def train(
    model,
    images,
    labels,
    *,
    epochs=2,
    batch_size=100,
    learning_rate=0.03,
    momentum=0.9,
    max_norm=1.0,
    shuffle=True,
    seed=0,
    watch=None,
):
    labels, random, history = labels.astype(np.int64), np.random.default_rng(seed), []
    given = [learning_rate, momentum, *([] if max_norm is None else [max_norm])]
    rates = [tf.constant(value, images.dtype) for value in given] + ([None] if max_norm is None else [])
    velocities = {name: tf.Variable(tf.zeros_like(variable)) for name, variable in model.items()}
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        batches, losses = np.split(order, range(batch_size, len(order), batch_size)), []
        for batch in batches:
            losses.append(step(model, velocities, tf.constant(images[batch]), tf.constant(labels[batch]), *rates))
        history.append(float(np.average(losses, weights=[len(batch) for batch in batches])))
        if watch:
            watch(model)
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:10_000, ..., None] / np.float32(255), labels[:10_000])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
