"""Rules of a vote: rounds, ballots, ways of voting, small groups, view shift, quorum."""
