import numpy as np
import pytest

from querist.core.types import Interval
from querist.reports.figures import ACCENT, QUIET, CurveLine, interval_chart, learning_curve


def named(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_lines_carry_their_numbers_and_roles():
    lines = [
        CurveLine("Margin", [10, 20], [0.5, 0.7], [0.4, 0.6], [0.6, 0.8]),
        CurveLine("Random", [10, 20], [0.5, 0.6], role="random"),
        CurveLine("Entropy", [10, 20], [0.5, 0.65], role="other"),
        CurveLine("Badge", [10, 20], [0.5, 0.66], role="other"),
    ]
    found = named(learning_curve(lines))
    assert list(found["Margin"].y) == [0.5, 0.7]
    assert found["Margin"].line.color == ACCENT
    assert (found["Random"].line.color, found["Random"].line.dash) == (QUIET, "dash")
    assert len({trace.line.color for trace in found.values()}) == 4
    assert sorted(found, key=lambda name: found[name].legendrank) == [x.name for x in lines]


def test_the_band_goes_up_and_back_and_skips_what_is_unknown():
    nan = float("nan")
    line = CurveLine("a", [1, 2, 3], [0.5, 0.6, 0.7], [nan, 0.5, 0.6], [nan, 0.7, 0.8])
    band = learning_curve([line]).data[0]
    assert list(band.x) == [2, 3, 3, 2]
    assert list(band.y) == [0.7, 0.8, 0.6, 0.5]
    assert len(learning_curve([CurveLine("a", [1], [0.5], [nan], [nan])]).data) == 1


def test_marks_target_and_plateau():
    figure = learning_curve([CurveLine("a", [1, 2], [0.5, 0.6])], target=0.9, plateau_at=1200)
    assert list(named(figure)["target 0.9"].y) == [0.9, 0.9]
    assert [note.text for note in figure.layout.annotations] == ["plateau from 1,200"]


def test_axes_name_their_units():
    figure = learning_curve([CurveLine("a", np.arange(3), [3, 2, 1])], metric="rmse")
    assert figure.layout.xaxis.title.text == "labels bought"
    assert figure.layout.yaxis.title.text == "rmse (lower is better)"


def test_names_are_escaped():
    figure = learning_curve([CurveLine("<a href='x'>", [1], [1.0])], title="<i>t")
    assert "<" not in figure.data[0].name + figure.layout.title.text
    assert interval_chart({"<b>": Interval(1, 0, 2)}, axis="x").data[0].y[0] == "&lt;b&gt;"


def test_interval_chart():
    rows = {"a": Interval(0.3, 0.1, 0.4), "b": Interval(-0.1, -0.2, 0.1)}
    figure = interval_chart(rows, axis="share of labels saved")
    assert list(figure.data[0].x) == [0.3, -0.1]
    assert list(figure.data[0].error_x.array) == pytest.approx([0.1, 0.2])
    assert list(figure.data[0].error_x.arrayminus) == pytest.approx([0.2, 0.1])
    assert len(figure.layout.shapes) == 1
