# %% [markdown]
# # Dropout, in Keras
# `Dropout` is a layer without weights. `fit` calls it for training and `predict` for evaluation, so nothing has to be
# switched. The same file runs on TensorFlow, JAX and PyTorch: the environment variable `KERAS_BACKEND` chooses.

# %% Init
from keras import Input, Model, Sequential, callbacks, datasets, layers, losses, optimizers, utils


# %% Network
def variables(seed=0):
    utils.set_random_seed(seed)
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Flatten(name="flatten"),  # (N, 784)
            layers.Dense(100, "relu", kernel_initializer="he_normal", name="dense1"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(10, name="dense2"),  # (N, 10)
        ]
    )


# %% [markdown]
# Keras's rate is the probability to be dropped, and what is kept is divided by 1 - rate. The layer draws from a state
# of its own, which was made with the model. Masks may also come from outside, as a second input beside the images: with
# them two frameworks can be compared number by number.


# %% Dropout
def with_masks(model, rate):
    """A model of the same layers, in which what dropout keeps is given."""
    images, masks = Input((28, 28, 1)), Input((100,))
    hidden = model.get_layer("dense1")(model.get_layer("flatten")(images))
    return Model([images, masks], model.get_layer("dense2")(hidden * masks / (1 - rate)))


# %% Train
def train(
    model,
    images,
    labels,
    *,
    epochs=60,
    batch_size=50,
    learning_rate=0.1,
    dropout=0.5,
    shuffle=True,
    seed=0,
    watch=None,
    masks=None,
):
    utils.set_random_seed(seed)
    layer = model.get_layer("dropout")
    layer.rate = dropout
    layer.seed_generator.state.assign([seed, 0])
    watching = [callbacks.LambdaCallback(on_epoch_end=lambda *_: watch(model))] if watch else []
    settings = {"batch_size": batch_size, "verbose": 2, "callbacks": watching, "shuffle": shuffle}
    trained = model if masks is None else with_masks(model, dropout)
    trained.compile(optimizers.SGD(learning_rate), losses.SparseCategoricalCrossentropy(from_logits=True))
    if masks is None:
        return model, trained.fit(images, labels, epochs=epochs, **settings).history["loss"]
    history = []
    for rows in masks.reshape(epochs, -1, 100).astype(images.dtype):  # one for each image, and each epoch has its own
        history += trained.fit([images, rows[: len(images)]], labels, **settings).history["loss"]
    return model, history


# %% Evaluate
def predict(model, images):
    return model.predict(images, batch_size=1000, verbose=0)  # (N, 10)


def evaluate(model, images, labels):
    return float((predict(model, images).argmax(axis=1) == labels).mean())


# %% Run
if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    model, history = train(variables(), images[:1_000, ..., None] / 255, labels[:1_000])
    accuracy = evaluate(model, test_images[..., None] / 255, test_labels)
    print(f"loss {history[-1]:.4f}, test accuracy {accuracy:.4f}")
