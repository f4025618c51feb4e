"""Characters that no embedded face has are noted, for a machine's own face sets them."""

from reporter.check import noted
from tests.composing import compose


def test_a_character_without_a_face_is_noted(tmp_path):
    """And one that an embedded face has, a sign of mathematics too, is not."""
    (note,) = noted(compose(tmp_path, "An x ∈ ℝ is 漢 &amp; fine."))
    assert note.message.startswith("no embedded face has 漢;")
    assert noted(compose(tmp_path / "plain", "An x ∈ ℝ is “fine”.")) == []
