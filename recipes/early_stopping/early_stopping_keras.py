# %% [markdown]
# # Early stopping, in Keras
# `EarlyStopping` is a callback of `fit`. The same file runs on TensorFlow, JAX and PyTorch: the environment variable
# `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Sequential, callbacks, datasets, layers, losses, optimizers, utils


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(),  # (N, 784)
            layers.Dense(100, "relu", kernel_initializer="he_normal", name="dense1"),
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


# %% [markdown]
# What `fit` does in an epoch is set here. By itself the callback has no patience at all and leaves the last weights in
# the model: `restore_best_weights` gives back the best ones, whether training was stopped or came to its end.


# %% Epoch
def compiled(model, learning_rate):
    model.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def stopping(patience):
    return callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)


# %% [markdown]
# `validation_split` takes the last fifth of the images, before anything is shuffled.


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
    utils.set_random_seed(seed)
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    settings = {"batch_size": batch_size, "verbose": 2, "shuffle": shuffle, "validation_split": 0.2}
    called = [*watching, stopping(patience)]
    history = compiled(model, learning_rate).fit(images, labels, epochs=epochs, callbacks=called, **settings)
    return model, history.history["loss"]


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    model, history = train(variables(), images[:1_250, ..., None] / 255, labels[:1_250])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"{len(history)} epochs, loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
