# What the overview says in English. Campaigns bring their own title, text and names.

language = English
page-title = Map and numbers
skip = Skip to the list of all places
languages = Languages
rehearsal = REHEARSAL. These people are simulated or practising.

announcement = Announcement { $number }
announcement-date = Date:
announcement-signed = Signed with the organisers’ key and entered in the public log: everybody reads the same, and nobody else can write it.

total = { $target ->
   *[other] counted and published, of { $target } hoped for
}
progress = { $total } of { $target }
target-reached = The target of { $target } is reached.
latest = Latest numbers
none-yet = none yet
next = Next numbers
opens = Opens
pledges-open = Pledging opens
groups = Numbers appear in groups of at least { $k }, at fixed times. Smaller numbers wait, so that nobody can be told from a number.
time = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $clock } UTC

state-before = The campaign has not opened yet.
state-collecting = You can get a token now. Pledging opens later, for everybody at once.
state-open = The campaign is open.
state-closing = The campaign is about to close: the next numbers are the last.
state-closed = The campaign has closed. These numbers are final.
state-raided = The organisers ended the campaign before its close, in an emergency. Everything that could endanger people was destroyed, and with it the pledges that were not published yet. These numbers remain.
invites-over = Invites are no longer accepted. Whoever has a token already can still pledge.
take-part = Take part

map = Map
views = Parts of the map
map-label = Map, { $view }: { $places ->
    [0] no place has a published number yet
    [one] { $places } place has a published number
   *[other] { $places } places have published numbers
}. The list below has every place.
map-key = The area of a circle stands for its number, in each part of the map on a scale of its own. Places close to each other share a circle.
map-pictures = The same as pictures:
fewer = fewer than { $k }
list = All places
list-note = Every place that can be chosen, by region. The number of a region is the sum of what is published in it.
no-group = no group
search = Find a place
search-found = Places found: { $found }
rest-of-region = smaller numbers of this region, together
rest-of-all = Smaller numbers of all regions, together

# Invites on paper and on a screen: first what whoever hands them out has to know, then what stands on cards and screen.
invite-draw-head = Drawn from a hat, never handed to a name
invite-draw = Mix the cards face down in a hat or a bag and let everybody draw one. Hand none to a name, write no list, take no photo.
invite-kept-head = A kept code tells on a person
invite-kept = Whoever keeps the code of a named person can try it later and learn whether she took a token; not her place, nor whether she pledged. So nobody keeps a code, or a picture of one.
invite-leak-head = What it costs if these codes leak
invite-leak = { $count ->
    [one] Whoever gets hold of this code can make one false pledge.
   *[other] Whoever gets hold of all { $count } codes can make { $count } false pledges, and no more.
}
invite-ceiling = { $most ->
   *[other] Of the whole batch, no more than { $most } become tokens between two publications of the numbers.
}
invite-no-ceiling = This batch has no maximum in time: it can happen all at once.
invite-clean-head = Pledges cannot be cleaned afterwards
invite-clean = A false pledge looks like any other, and nothing takes it out of the number again. If codes are lost or copied, have the batch revoked at once: that stops those that are not used yet.
invite-batch = Batch “{ $batch }”

sheet-title = Sheets
sheet-kind = This sheet is not a card. It is for whoever prints, cuts and hands out.
sheet-cards = { $count ->
    [one] { $count } card
   *[other] { $count } cards
}
sheet-sheets = { $count ->
    [one] { $count } sheet
   *[other] { $count } sheets
}
sheet-print-head = Print where nothing stays behind
sheet-print = Use a printer of your own, A4, at 100 %, without headers: office printers and copy shops keep copies. Cut at the marks. Then delete the file, and destroy the cards that nobody drew.
card-rehearsal = REHEARSAL
card-qr = QR code of an invite
card-scan = Scan with a camera, or type address and code, best in Tor Browser.
card-compare = The page must show the eight words below. If it shows others, stop.
card-once = For one person, once. Let nobody note whose card it is, and destroy it afterwards.

screen-title = Screen
screen-heading = Codes for a room
screen-codes = { $count ->
    [one] { $count } code
   *[other] { $count } codes
}
screen-person-head = One code, one person
screen-person = Let people come one by one, scan, and step aside. Let nobody film or photograph the screen, and write no list.
screen-next-head = The next comes when you say so
screen-next-how = Space, Enter, an arrow key or a click shows the next one; or let it change by itself. It never changes because one was used: this page asks nobody, and can do without a network from now on.
screen-back-head = There is no way back
screen-back = What was shown is erased here and does not come again, not even when the page is reloaded. Codes that are left over when you close it are lost. If it was opened from a file, delete the file: opened anew, a file begins anew.
screen-begin = Show the first code
screen-scan = Scan with the phone’s camera.
screen-compare = The page must show these eight words. If it shows others, stop.
screen-once = One code for one person. Then the next one comes.
screen-left = Left:
screen-next = Next code
screen-timer = Change by itself
screen-timer-off = never
screen-timer-every = { $seconds ->
   *[other] every { $seconds } seconds
}
screen-over = All codes were shown.
screen-over-text = Close this page. If it was opened from a file, delete the file.
screen-script = This page needs its small script. Allow JavaScript for it; it loads nothing.

check = Check it yourself
campaign-words = The words of this campaign, the same on every poster and every screen:
campaign-numbers = or as numbers:
campaign-id = Campaign id:
recount = Recount the public log on your own device:
onion = The same over Tor:
made-with = Headcount { $version }. Whatever this page shows is taken from the public log and from nothing else.
