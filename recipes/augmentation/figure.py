"""One digit, a 7, as it is, shifted, turned by 15 degrees, sheared, turned by 90 degrees, and mirrored: after the last
two it is no 7 any more.
"""

SIZE = (8, 5.8)


def draw(results, figure):
    shifted, turned, sheared, _ = results["distortions"]["warp"]
    panels = {
        "as it is": results["unchanged"]["warp"][0],
        "shifted": shifted,
        "turned by 15°": turned,
        "sheared": sheared,
        "turned by 90°": results["quarter_turn"]["warp"][0],
        "mirrored": results["mirror"]["warp"][0],
    }
    for axes, (title, image) in zip(figure.subplots(2, 3).flat, panels.items(), strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=image.max())
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, size=16)
