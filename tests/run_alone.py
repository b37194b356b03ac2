"""What a worker is asked to do with a recipe that was copied alone into a folder."""

import contextlib
import io
import os
import runpy
import sys


def run_alone(recipe, folder):
    """Runs the file as a program, from its folder; gives what it prints."""
    os.chdir(folder)
    sys.path[0] = folder  # as Python does for a file that it is started with
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(recipe, run_name="__main__")
    return printed.getvalue()
