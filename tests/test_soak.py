"""Ten of the builds that `make soak` kills."""

from tests.soak import soak


def test_ten_killed_builds_end_with_the_bits_of_an_undisturbed_one(tmp_path, capsys):
    """Every training goes on where it was and says so; no process and no file is left.

    One epoch is lost at most: the one that was going on, or had been told of and not yet kept.
    """
    tally = soak(tmp_path, 10, 0, print)
    assert capsys.readouterr().out.startswith("seed 0; ")
    assert tally.kills == 10
    assert tally.moments["within an epoch"] >= 2
    assert tally.moments["during a commit"] >= 2
    assert tally.resumed >= 1
    assert max(tally.lost) <= 1
    assert min(tally.lost) >= 0
    assert (tally.differing, tally.orphans, tally.left, tally.untold) == ([], 0, [], [])
