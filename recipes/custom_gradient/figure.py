"""What comes from above and what is passed on, in three panels. The rounding passes all on as it is, the reversal turns
its sign and halves it, and the clip cuts it off beyond 2.
"""

SIZE = (8, 3.6)
PANELS = {"round_through": "rounded", "reverse": "reversed, × ½", "clip_gradient": "clipped at ± 2"}


def draw(results, figure):
    case = results["quarters"]
    above = case["arguments"]["upstream"].ravel()
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    for number, (panel, (name, title)) in enumerate(zip(panels, PANELS.items(), strict=True)):
        gradient = case[name][1].ravel()
        order = above.argsort()
        panel.axhline(0, color="C5", lw=1)
        panel.axvline(0, color="C5", lw=1)
        panel.plot(above[order], gradient[order], color=f"C{number}", lw=2.5, marker="o", ms=7)
        panel.set_title(title, fontsize=16)
        panel.set_aspect("equal")
        panel.set(xlim=(-5.5, 5.5), ylim=(-5.5, 5.5), xticks=(-4, 0, 4), yticks=(-4, 0, 4))
        panel.tick_params(labelsize=13)
    panels[0].set_ylabel("passed on", fontsize=15)
    figure.supxlabel("gradient from above", fontsize=15)
