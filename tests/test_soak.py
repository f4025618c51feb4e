"""Ten of the builds that `make soak` kills."""

from tests.soak import soak


def test_ten_killed_builds_end_with_the_bits_of_an_undisturbed_one(tmp_path, capsys):
    """Every training goes on where it was and says so; no process and no file is left."""
    tally = soak(tmp_path, 10, 0, print)
    assert capsys.readouterr().out.startswith("seed 0; ")
    assert tally.kills == 10
    assert tally.moments["within an epoch"] >= 2
    assert tally.moments["during a commit"] >= 2
    assert tally.resumed >= 1
    assert (tally.differing, tally.orphans, tally.left, tally.untold) == ([], 0, [], [])
