"""What a loyalty programme owes: points outstanding, breakage, members by tier, and what earning rules cost."""
