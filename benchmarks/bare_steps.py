"""Bare training loops for mnist_cnn, one per framework: nothing but the step, on arrays that lie ready.

Each function takes images (N, 28, 28, 1), labels (N,) and the batch size, and gives a function `run(steps)`.
"""

import numpy as np


def batches(images, labels, batch_size, steps):
    """Batches taken by index, as every program does that shuffles."""
    order = np.arange(len(images))
    for step in range(steps):
        batch = order[step * batch_size : (step + 1) * batch_size]
        yield images[batch], labels[batch]


def pytorch(images, labels, batch_size):
    import torch
    from torch import nn

    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10))
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    images, labels = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)

    def run(steps):
        for image_batch, label_batch in batches(images, labels, batch_size, steps):
            loss = nn.functional.cross_entropy(model(image_batch), label_batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        loss.item()

    return run


def keras(images, labels, batch_size):
    import keras
    from keras import layers

    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05, 0.9), loss, metrics=["accuracy"])

    def run(steps):
        count = steps * batch_size
        model.fit(images[:count], labels[:count], batch_size=batch_size, shuffle=False, verbose=2)

    return run


def tensorflow(images, labels, batch_size):
    import tensorflow as tf

    shapes = [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1600, 128), (128,), (128, 10), (10,)]
    variables = [tf.Variable(tf.random.normal(shape, stddev=0.05, seed=0)) for shape in shapes]
    velocities = [tf.Variable(tf.zeros(shape)) for shape in shapes]
    images, labels, order = tf.constant(images), tf.constant(labels), tf.range(len(images))

    @tf.function
    def epoch(count):
        loss = 0.0
        for start in tf.range(0, count, batch_size):
            batch = order[start : start + batch_size]
            a, b, c, d, e, f, g, h = variables
            with tf.GradientTape() as tape:
                maps = tf.nn.relu(tf.nn.conv2d(tf.gather(images, batch), a, 1, "VALID") + b)
                maps = tf.nn.max_pool2d(maps, 2, 2, "VALID")
                maps = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(maps, c, 1, "VALID") + d), 2, 2, "VALID")
                logits = tf.nn.relu(tf.reshape(maps, (-1, 1600)) @ e + f) @ g + h
                target = tf.gather(labels, batch)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits))
            for variable, velocity, gradient in zip(variables, velocities, tape.gradient(loss, variables), strict=True):
                variable.assign_sub(0.05 * velocity.assign(0.9 * velocity + gradient))
        return loss

    return lambda steps: epoch(tf.constant(steps * batch_size)).numpy()


def jax(images, labels, batch_size):
    import jax
    import jax.numpy as jnp

    shapes = [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1600, 128), (128,), (128, 10), (10,)]
    keys = jax.random.split(jax.random.key(0), len(shapes))
    weights = [0.05 * jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True)]
    layout = ("NHWC", "HWIO", "NHWC")

    def pool(maps):
        return jax.lax.reduce_window(maps, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss(weights, images, labels):
        a, b, c, d, e, f, g, h = weights
        maps = jax.nn.relu(jax.lax.conv_general_dilated(images, a, (1, 1), "VALID", dimension_numbers=layout) + b)
        maps = jax.lax.conv_general_dilated(pool(maps), c, (1, 1), "VALID", dimension_numbers=layout) + d
        logits = jax.nn.relu(pool(jax.nn.relu(maps)).reshape(-1, 1600) @ e + f) @ g + h
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))

    @jax.jit
    def step(weights, velocities, images, labels):
        value, gradients = jax.value_and_grad(loss)(weights, images, labels)
        velocities = jax.tree.map(lambda v, gradient: 0.9 * v + gradient, velocities, gradients)
        return jax.tree.map(lambda weight, v: weight - 0.05 * v, weights, velocities), velocities, value

    def run(steps):
        state = weights, jax.tree.map(jnp.zeros_like, weights)
        for image_batch, label_batch in batches(images, labels, batch_size, steps):
            *state, value = step(*state, image_batch, label_batch)
        jax.block_until_ready((state, value))

    return run


def numpy(images, labels, batch_size):
    """The recipe is itself a bare script; what could be left out is its shuffling, its epochs and its history."""
    import importlib

    recipe = importlib.import_module("mnist_cnn_numpy")
    model = recipe.variables()
    velocity = dict.fromkeys(model, 0.0)

    def run(steps):
        for image_batch, label_batch in batches(images, labels, batch_size, steps):
            _, gradients = recipe.loss_and_gradients(model, image_batch, label_batch)
            for name in model:
                velocity[name] = 0.9 * velocity[name] + gradients[name]
                model[name] -= np.float32(0.05) * velocity[name]

    return run
