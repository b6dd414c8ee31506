"""The demo market: a small web of invented coffee shops on loopback, with planted truth for a report to find.

Northpan (ours), Tassbrook, Kopeline and Morrowcup sell coffee gear online, run showrooms and teach classes. `reviews` writes some 600
reviews in English, Korean and Japanese from `plan.toml` and `texts_*.toml`; `web` serves them with FAQ, contact and search pages.
What a report must find stands in `planted.toml`:

- Northpan: weakness delivery_punctuality (30 % of its reviews complain, 6 % of the others'), strength product_quality (42 % praise
  against 20 %), and it answers 85 % of its reviews;
- Tassbrook: strength price_value (38 % praise against 8 %);
- Kopeline: strength website_app (38 % praise against 7 %);
- Morrowcup: weakness support_wait since 2026-08-03 (complaints rose from 6 % to 36 %), and it answers no review;
- everyone: returns_refunds (18 % complain), an opportunity because nobody solves it;
- Tassbrook: since 2026-08-03 its lids rub off, which no theme covers: "dye" is told as a candidate for one, from 8 of 26 English reviews;
- flags: five near-duplicates about Tassbrook; three incentivised reviews and a burst of eleven one-star reviews about Kopeline. What is
  told without them is the same;
- Kopeline answers everybody from one delighted template, the angry ones too;
- service facts: Northpan and Kopeline have a chat and promise when they answer, Northpan answers soonest and has a search; Morrowcup has the
  fewest channels, and its FAQ treats least of what its customers complain about.

All other themes are equal between the brands and over time. Each planted difference is significant (p < .001) in the planned counts, and
those without a beginning are so (p < .01) within the newest quarter alone.
"""
