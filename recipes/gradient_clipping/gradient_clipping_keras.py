# %% [markdown]
# # Gradient clipping, in Keras
# A recurrent network multiplies by the same kernel at each of 28 steps. Going back, so does the gradient, and it may
# grow. The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, ops, optimizers, utils

# %% [markdown]
# `SimpleRNN` takes (N, steps, features) and gives the last state. By default its kernel is Glorot's uniform one, the
# recurrent kernel is orthogonal, and the activation tanh. Keras's own tanh is float32 on JAX and PyTorch even for
# float64, and JAX's loop then refuses the state; sigmoids aren't.


# %% Network
def tanh(inputs):
    return 2 * ops.sigmoid(2 * inputs) - 1


def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Reshape((28, 28)),  # 28 rows of 28 pixels
            layers.SimpleRNN(64, tanh, name="rnn"),  # (N, 64)
            layers.Dense(10, name="dense"),  # (N, 10)
        ]
    )


# %% [markdown]
# Clipping belongs to the optimiser. `global_clipnorm` is the norm of all gradients together, `clipnorm` that of each
# one by itself, and `clipvalue` limits each number: three different things.


# %% Clipping
def clipping(learning_rate, momentum, max_norm):
    return optimizers.SGD(learning_rate, momentum, global_clipnorm=max_norm)


# %% Train
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
    utils.set_random_seed(seed)
    optimizer = clipping(learning_rate, momentum, max_norm)
    model.compile(optimizer, losses.SparseCategoricalCrossentropy(from_logits=True))
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    history = model.fit(images, labels, batch_size, epochs, verbose=2, callbacks=watching, shuffle=shuffle)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    model, history = train(variables(), images[:10_000, ..., None] / 255, labels[:10_000])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
