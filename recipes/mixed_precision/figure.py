"""Which weights move at all in 64 steps of 1/1024, as a share of the way that they should go. With a master copy all of
them go all the way. In bfloat16 weights above 1/4 stay where they are, in float16 those above 2.
"""

SIZE = (8, 4.6)


def draw(results, figure):
    panel = figure.subplots()
    for number, (kind, style, label) in enumerate((("float16", "-", "float16"), ("bfloat16", "-", "bfloat16"))):
        case = results[f"{kind}_weights"]
        start, way = case["arguments"]["weights"], case["arguments"]["steps"] * case["arguments"]["rate"]
        panel.plot(start, (start - case["train"]) / way, style, color=f"C{number + 1}", marker="o", ms=7, label=label)
    panel.plot(start, (start - case["train_with_master"]) / way, color="C0", lw=3.5, label="with a master copy")
    panel.set_xscale("log", base=2)
    panel.set_xticks([1 / 64, 1 / 16, 1 / 4, 1, 4], ["1/64", "1/16", "1/4", "1", "4"])
    panel.set_xlabel("weight at the start", fontsize=15)
    panel.set_ylabel("share of the way gone", fontsize=15)
    panel.tick_params(labelsize=13)
    panel.legend(fontsize=14)
