"""民决 decide: resolutions of the round table, the branch's review, the vote and the notice."""
