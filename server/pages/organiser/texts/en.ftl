# What the organisers' page says in English, beside the words that it shares with the overview.

organisers = Organisers
pages = Pages
go-numbers = Numbers
go-invites = Invites
go-announce = Announce
go-actions = What was done
go-close = Close
go-back = Back

sign-in = Sign in
sign-in-note = The token is the line that was shown once when the account was made. It goes to this server only. You are signed out when you say so, after { $hours } hours, or when the server is started again.
sign-in-wrong = This token opens nothing. Check that it was copied whole.
token = Token
sign-out = Sign out
signed-in = Signed in as

sees-public = You see what everybody sees, and nothing earlier. Nobody here can see how many wait or how many invites were used, because that would tell about people.
published = Published
to-go = { $missing ->
    [one] { $missing } more to the target.
   *[other] { $missing } more to the target.
}
reached-now = Tell everybody what comes now:
outlook = Where it leads
outlook-early = Too early to say.
outlook-range = Between { $low } and { $high } published by the close, if it goes on as it did.
outlook-all = Then the target is reached before the close, at the fastest pace on { $time }.
outlook-some = The target is reached at the fastest pace only, then on { $time }.
outlook-none = The target is not reached at any of these paces.
outlook-how-heading = How this is computed
outlook-how = From the public log alone, so anybody can check it: the pledges per tick over the whole time so far, over its last half and over its last quarter. The slowest and the fastest of the three are carried on until the close and rounded outwards to two digits, never beyond the number of people eligible. Nothing is said before { $ticks } ticks and a tenth of all ticks have ended and { $steps } of them published something. This is arithmetic, no forecast: people come in waves, one piece of news changes everything, and what waits in small places is not in it.
machine = The machine
last-tick = Last tick
tick-ended = { $tick }, ended { $time }
clock = The server’s clock
clock-doubted = It is in doubt: nothing is published until the operator has looked.
disk-low = Disk low, as of the last tick
disk-unknown = not measured since the start
disk-enough = no
disk-is-low = YES. The operator must make room now.
version = Version
growth = Growth
growth-caption = Published in all after each tick, from tick 1 to tick { $tick }: { $from } to { $to }.
growth-target = Target: { $target }
growth-table = The same in numbers, the newest first
growth-more = Older ticks are in the export.
column-tick = Tick
column-end = Ended
column-published = Published
column-total = In all
column-place = Place
column-region = Region
sorted-by = Sorted by:
export = Export
export-note = Exactly what is public, with the names of places. Anybody can make the same from the log.
export-counts = Places (CSV)
export-ticks = Ticks (CSV)
export-json = Everything (JSON)

warnings = Before you make invites
warn-codes = Draw codes blindly and note nowhere who got which. Whoever keeps the code of a named person can try it later and learns whether she took a token.
warn-leak = If a batch leaks, strangers are counted, up to its maximum: { $k } codes in one hand are enough to make a number appear that nobody honest stands behind. Make small batches, one for each helper, and revoke what has leaked.
warn-pledges = Revoking stops unused invites only. Pledges cannot be cleaned afterwards: nobody can tell which came from a leaked batch, and that is what protects everybody else.
make-invites = Make invites
batch-name = Name of the batch
batch-name-note = For organisers only, and on the server’s disk until the close. Never the name of a person.
batch-count = How many
batch-per-tick = The most per tick (may stay empty)
batch-per-tick-note = At least { $k }. Whoever comes when it is reached is told to try later; nobody is told that it was reached.
batch-end = Good until
batch-no-end = as long as invites are taken
cards-language = Language of cards and screen
cards-also = A second language on them
cards-no-other = none
as-cards = Printed cards
as-screen = Screen for a room
as-csv = Links as CSV
shown-once = What is made is shown once and kept nowhere: print or save it before you close it.
invites-are-over = No more invites are taken in this campaign.
batches = Batches
batches-note = What was decided about each, and nothing of how many were used.
no-batches = There are none.
column-batch = Batch
column-maker = Made by
column-maximum = Invites
column-per-tick = Per tick
column-good-until = Good until
revoke = Revoke
is-revoked = revoked
revoke-heading = Revoke the batch
revoke-question = { $maximum ->
    [one] Its one invite is worth nothing from then on, if it is not used yet.
   *[other] Of its { $maximum } invites, those that are not used yet are worth nothing from then on.
}
revoke-means = Nobody learns how many those are. Tokens that people have already still count. It cannot be taken back.
revoke-now = Revoke for ever

actions-note = What organisers did on this campaign, the newest first. No participant is in it, no token and no time of day; it goes with the close.
no-actions = Nothing yet.
actions-gone = It went with the close.
column-during-tick = During tick
column-who = Who
column-did = What
did-invites = made invites of the batch { $batch }: { $count }
did-revoke = revoked the batch { $batch }
did-announce = published announcement { $number }
did-close = closed the campaign
did-add = made the account { $account }
did-remove = removed the account { $account }

announce-how = The key that signs announcements is never on the server, so that whoever seizes it cannot speak for you. Sign on your own device, where the key is; the server only carries the note, and every reader checks it.
announce-command = With the program, which asks before it signs and writes the signed note to a file (with --organiser-url instead of --note it brings it here itself):
announce-number = The next announcement has the number { $number }. If you know of a later one, stop: the server hides it.
announce-note = Paste the signed note here
announce-form = Whole, from “headcount/v1/announcement” to the end of the line that begins with a dash. A forged one is refused.
announce-now = Publish for everybody

close-means = The end of the next tick becomes the last one. Then what waits is published as far as the rule allows, and what endangers people is destroyed: the pending pledges, the used invites, the keys. What is public stays.
close-for-ever = It cannot be taken back, and nobody can take part any more.
close-type = To go on, type:
close-words = close for ever
close-wrong = What was typed was something else. Nothing was closed.
close-now = Close the campaign

refused = That was refused
refused-forbidden = Your account does not allow this, or the form did not come from this page.
refused-closed = The campaign, or what you asked for, is closed.
refused-exhausted = There is no room for that many.
refused-not-found = There is no such thing here.
refused-unavailable = The server cannot do this now. Try again in a moment.
refused-malformed = What was sent cannot be taken as it is.
