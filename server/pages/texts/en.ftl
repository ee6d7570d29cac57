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

check = Check it yourself
campaign-words = The words of this campaign, the same on every poster and every screen:
campaign-numbers = or as numbers:
campaign-id = Campaign id:
recount = Recount the public log on your own device:
onion = The same over Tor:
made-with = Headcount { $version }. Whatever this page shows is taken from the public log and from nothing else.
