# %% [markdown]
# # Learned filters, in TensorFlow
# Sixteen filters slide over a digit. What they become is in the variable `model["conv_kernel"]`; no Keras.

# %% Init
import numpy as np
import tensorflow as tf

# %% [markdown]
# The model is a dictionary of variables. The filters start small, so that what they learn isn't hidden by what they
# started from.


# %% Network
def variables(seed=0):
    return {
        "conv_kernel": tf.Variable(tf.random.stateless_normal((7, 7, 1, 16), seed=(seed, 0), stddev=0.01)),
        "conv_bias": tf.Variable(tf.zeros(16)),
        "dense_kernel": tf.Variable(tf.random.stateless_normal((1936, 10), seed=(seed, 1), stddev=1936**-0.5)),
        "dense_bias": tf.Variable(tf.zeros(10)),
    }


@tf.function(reduce_retracing=True)
def network(model, images):
    maps = tf.nn.conv2d(images, model["conv_kernel"], strides=1, padding="VALID")
    maps = tf.nn.relu(maps + model["conv_bias"])  # (N, 22, 22, 16)
    pooled = tf.nn.max_pool2d(maps, ksize=2, strides=2, padding="VALID")  # (N, 11, 11, 16)
    return tf.reshape(pooled, (-1, 1936)) @ model["dense_kernel"] + model["dense_bias"]  # (N, 10)


# %% [markdown]
# The tape records what is computed under it and plays it backwards. The rate goes in as a tensor: each new value of
# a Python number would make a new graph.


# %% Train
@tf.function(reduce_retracing=True)  # a second batch size gives a graph for any size
def step(model, images, labels, learning_rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, network(model, images)))
    gradients = tape.gradient(loss, model)
    for name, variable in model.items():
        variable.assign_sub(learning_rate * gradients[name])
    return loss


def train(model, images, labels, *, epochs=3, batch_size=50, learning_rate=0.1, shuffle=True, seed=0, watch=None):
    learning_rate = tf.constant(learning_rate, images.dtype)
    data, history = tf.data.Dataset.from_tensor_slices((images, labels.astype(np.int64))), []
    data = data.shuffle(len(images), seed=seed) if shuffle else data  # in another order each time
    for _ in range(epochs):
        total = 0.0
        for image_batch, label_batch in data.batch(batch_size):
            loss = step(model, image_batch, label_batch, learning_rate)
            total += float(loss) * len(label_batch)
        history.append(total / len(images))
        if watch:
            watch(model)
    return model, history


# %% [markdown]
# Batches of one size share one graph; the last one may be shorter.


# %% Evaluate
def predict(model, images):
    return np.concatenate([network(model, batch) for batch in np.split(images, range(500, len(images), 500))])


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[..., None] / np.float32(255), labels)
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
