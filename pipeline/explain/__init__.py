"""Why a shopper is a member of a segment: from a file, a worker's stores or the changelog, as data and as text."""
