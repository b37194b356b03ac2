# %% [markdown]
# # Early stopping, in TensorFlow
# An epoch is one graph. Whether there is another one is decided in Python, between them.

# %% Init
import numpy as np
import tensorflow as tf


# %% Network
def variables(seed=0):
    model = {}
    for number, shape in enumerate([(784, 100), (100, 10)], 1):
        kernel = tf.random.stateless_normal(shape, seed=(seed, number)) * np.sqrt(2 / shape[0])
        model |= {f"dense{number}_kernel": tf.Variable(kernel), f"dense{number}_bias": tf.Variable(tf.zeros(shape[1]))}
    return model


def network(model, images):
    hidden = tf.nn.relu(tf.reshape(images, (-1, 784)) @ model["dense1_kernel"] + model["dense1_bias"])  # (N, 100)
    return hidden @ model["dense2_kernel"] + model["dense2_bias"]  # (N, 10)


# %% Epoch
def losses_of(model, images, labels):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=network(model, images))  # (N,)


@tf.function(reduce_retracing=True)  # a second number of images gives a graph for any number
def train_epoch(model, images, labels, order, batch_size, learning_rate):
    """Goes once through the images in the given order; gives the mean loss."""
    total = tf.zeros((), images.dtype)
    for start in tf.range(0, tf.size(order), batch_size):
        batch = order[start : start + batch_size]  # (N,), the last one may be shorter
        with tf.GradientTape() as tape:
            losses = losses_of(model, tf.gather(images, batch), tf.gather(labels, batch))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model)
        for name, variable in model.items():
            variable.assign_sub(learning_rate * gradients[name])
        total += tf.reduce_sum(losses)
    return total / tf.cast(tf.size(order), total.dtype)


# %% [markdown]
# The last fifth of the images is for validation, and it is set aside before anything is shuffled: an image that is
# sometimes learnt from says nothing. The best model is a copy of the variables' *values*: a second dictionary of the
# same variables would change with them.


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    patience=5,
    shuffle=True,
    seed=0,
    watch=None,
):
    count = len(images) * 4 // 5
    images, labels = tf.constant(images), tf.constant(labels, tf.int64)
    unseen, images, labels = (images[count:], labels[count:]), images[:count], labels[:count]
    rates = tf.constant(batch_size), tf.constant(learning_rate, images.dtype)
    lowest, best, waited, history = np.inf, {name: tf.identity(v) for name, v in model.items()}, 0, []
    for epoch in range(epochs):
        order = tf.range(count)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=(seed, epoch))
        history.append(float(train_epoch(model, images, labels, order, *rates)))
        validation_loss = float(tf.reduce_mean(losses_of(model, *unseen)))
        waited += 1
        if validation_loss < lowest:
            lowest, best, waited = validation_loss, {name: tf.identity(v) for name, v in model.items()}, 0
        if watch:
            watch(model)
        if waited == patience:
            break
    for name, variable in model.items():
        variable.assign(best[name])
    return model, history


# %% Evaluate
def predict(model, images):
    return network(model, images).numpy()  # (N, 10)


def evaluate(model, images, labels):
    return float(np.mean(predict(model, images).argmax(axis=1) == labels))


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    model, history = train(variables(), images[:1_250, ..., None] / np.float32(255), labels[:1_250])
    accuracy = evaluate(model, test_images[..., None] / np.float32(255), test_labels)
    print(f"{len(history)} epochs, loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
