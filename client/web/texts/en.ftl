# What the registration page says. The same keys, with the same variables, stand in every language.
# Short sentences; the reader may be frightened. One word per thing: invite, place, token, pledge, words (the phrase).

### Frame

page-title = Form
exit = Leave quickly
exit-limits = Leaves at once, also if you press Esc three times. It cannot delete your browsing history, nor stop anyone who watches this device or its network.
languages = Language
build = Page { $build }, from { $host }
licences = Licences of the code of others in this page
steps = Steps
step-invite = Invite
step-place = Place
step-register = Register
rehearsal = REHEARSAL. Nobody is counted for anything real.
go-on = Go on
back = Back
try-again = Try again
start-again = Start again
forget = Forget everything
place-in-region = { $place }, { $region }
how-wasm = What has to be computed, this device computes itself, in WebAssembly.
how-javascript = What has to be computed, this device computes itself, in plain JavaScript, because WebAssembly is blocked here or does not work. It works the same, only more slowly.
how-none = The part that computes could not be started.
how-gone = The part that computes has stopped.

### Start

start-title = One moment
loading = Reading the campaign…
loading-slow = Over Tor this can take half a minute.
lost-title = This page cannot begin
no-door = This browser let neither WebAssembly nor a JavaScript worker start. Use another browser, or the program “headcount join”.

### Step 1: invite

invite-title = Your invite
invite-lead = Paste the whole invite link, or type the code from the paper.
invite-again = Give the same invite as the first time: the whole link, or the code from the paper.
invite-label = Invite link or code
invite-hint = The code has eight groups of four Latin letters and digits. Capitals and hyphens do not matter.
invite-read = Your invite was read from the link, and the link was taken out of the address bar.
email-heading = No invite yet?
email-lead = This campaign sends invites by e-mail, to addresses at { $domains }.
email-lead-any = This campaign sends invites by e-mail.
email-learns = The operator of this server and whoever runs your e-mail then know that you asked, and the latter can read the link. An invite from someone’s hand tells them nothing. The same address always gets the same invite.
email-label = E-mail address
email-ask = Send me an invite
email-wrong = The server does not take this address. Check it for a typing mistake, and that invites are sent to such addresses.
email-asked = You have asked. If the address is right, the link comes within some minutes; look among unwanted mail too. You can close this page. It protects you to open the link later and from another network or, in Tor Browser, after “New Identity”.
other-ways = Other ways
register-way = I want to register with an invite
have-token-way = I have a token from an earlier sitting
have-phrase-way = Something broke off, and I have my 12 words
before-heading = Before you begin
private-hint = Best use Tor Browser, or at least a private window: then your browser keeps the least.
onion-hint = In Tor Browser this page has an address of its own:
reload-hint = Keep this tab open until the end. If it is reloaded or closed, it forgets everything; then only your invite, your place and your 12 words finish what was begun.

### Step 1: words

words-title = Is this the right campaign?
words-heading = Compare these words
words-before-recover = First the campaign, as the first time. Then your 12 words.
words-lead = They must be the same, in the same order, on a printed poster or on the screen of someone you trust. Words or numbers, either will do.
words-pinned = This page fits your link. But a link proves nothing by itself, least of all one that came by e-mail: whoever made it chose the campaign.
words-not-pinned = A code names no campaign. Comparing these words is the only check there is.
words-same = They are the same
words-differ = They differ, or I have nothing to compare
differ-title = The words cannot be confirmed
differ-heading = If they differ
differ-text = Then this is not the campaign of your poster. Stop here, and tell the person who gave you the poster or the invite. Nothing that names you or your invite has been sent.
nothing-heading = If you have nothing to compare
nothing-text = Then you cannot know whether the server shows you the same campaign as everyone else. A server that shows you one of your own could recognise your pledge by it.
nothing-pinned = Your link and this page agree. That helps only as far as you trust the person who gave you the link, and the way it came.
nothing-not-pinned = You typed a code, so nothing but the server itself says which campaign this is.
nothing-go-on = Go on without comparing
back-to-words = Back to the words

### Step 2: place

place-title = Your place
place-lead = Choose where you will take part. All places are on this page already: looking and choosing sends nothing.
place-again = Choose the same place as the first time. With another place the server refuses.
place-filter = Find a place
place-filter-hint = A few letters are enough, in any of the languages.
place-found = { $count ->
    [0] No place is called that. Try fewer letters, or look through the regions.
    [one] One place found.
   *[other] { $count } places found.
 }
place-more = The first { $shown } are shown; type more letters for the rest.
place-not-yet = No place chosen yet.
place-chosen = Your place: { $place }
place-none = Choose a place first.

### Step 3: register

register-title = Register
pledge-title = Pledge
register = Register
pledge = Pledge
closed = The campaign has closed. Nothing more can be done here, and nothing was sent.
opens-later = The campaign takes no invites yet. It opens on { $time }.
pledges-open-later = Pledging opens on { $time }. Keep your token and your words until then.
issuing-closed = The campaign takes no new invites since { $time }, so yours was not sent. This device’s clock says { $clock }; if that is wrong, set it right and load this page again. If you used your invite before, go back and choose “Something broke off”.
only-later = Pledging opens for everyone on { $time }. Today you get your token. It is then your part to come back with it. That also protects best: by their time the two can then hardly be matched.
clock-wrong = This device’s clock says { $clock }, which does not fit this campaign. Times on this page may be wrong.
when-legend = When shall your pledge be sent?
when-random = { $minutes ->
    [one] At a random moment within a minute
   *[other] At a random moment within { $minutes } minutes
 }
when-random-seconds = { $seconds ->
    [one] At a random moment within a second
   *[other] At a random moment within { $seconds } seconds
 }
when-random-hint = This page must stay open until then. The moment hides a little which token the pledge belongs to; the more people register, the better.
when-now = Now
when-now-hint = Whoever watches the server can match pledge and token by their time.
when-later = Later, in another sitting
when-later-hint = You get a token to keep, as text or picture. You come back with it hours or days later, best from another network. This protects best.
when-none = Choose when your pledge shall be sent.
servers-word = The server says that the campaign is closing and takes pledges only until { $time }. That is not signed: a hostile server could say so to hurry you. The random moment is shorter because of it. “Later” waits longer, but may then be too late if it is true.
separation-heading = One sitting, one address
separation-text = If you do all of it now, the server gets your invite and your pledge from the same network address or, in Tor Browser, over the same Tor circuit. By that it can match the two.
separation-how = To keep them apart, choose “Later”, and come back from another network or, in Tor Browser, after “New Identity”.
separation-return = Come from another network than the first time or, in Tor Browser, after “New Identity”. Otherwise the server can match this pledge with your invite by your address.
relays-unused = This campaign names relays, but this page cannot use them.
consent = { $road ->
   *[sitting] There is nothing between you and the server unless you use Tor Browser. It sees one address with your invite and with your pledge, and can link the two by it. By pressing the button you agree to that.
    [sitting-onion] You came by Tor: the server sees no address of yours. But it sees that invite and pledge came by one circuit, if you do both now. By pressing the button you agree to that.
    [later] There is nothing between you and the server unless you use Tor Browser. It sees your address with your invite now, and the one you then have with your pledge. By pressing the button you agree to that.
    [later-onion] You came by Tor: the server sees no address of yours. By pressing the button your invite is used.
    [return] There is nothing between you and the server unless you use Tor Browser. It sees your address with your pledge, and can link the pledge to whoever was seen at that address. By pressing the button you agree to that.
    [return-onion] You came by Tor: the server sees no address of yours. By pressing the button your pledge is sent.
 }

### Who learns what

learns-heading = Who learns what
column-who = Who
column-learns = Learns
column-not = Does not learn
learns-network = Your internet provider, or the network of your employer or school
learns-network-does = { $road ->
   *[sitting] That this device visits { $host }, and when; from sizes and moments, that you probably register. With Tor Browser: only that you use Tor.
    [sitting-onion] That you use Tor.
    [later] That this device visits { $host }, and when; from sizes and moments, that you probably register. With Tor Browser: only that you use Tor.
    [later-onion] That you use Tor.
    [return] That this device visits { $host }, and when; from sizes and moments, that you probably pledge. With Tor Browser: only that you use Tor.
    [return-onion] That you use Tor.
 }
learns-network-not = Your invite, your words, your place.
learns-server = The server, and whoever runs it
learns-server-does = { $road ->
   *[sitting] That this invite is used, and when. That someone chose your place, and when. Both times the address you come from, which with Tor Browser is a stranger’s: by it, it can match the two.
    [sitting-onion] That this invite is used, and when. That someone chose your place, and when. That both came by one Tor circuit: by it, it can match the two.
    [later] Now: that this invite is used, when, and from which address, which with Tor Browser is a stranger’s. Later: that someone chose your place, when, and from which address.
    [later-onion] Now: that this invite is used, and when. Later: that someone chose your place, and when.
    [return] That someone chose your place, when, and from which address, which with Tor Browser is a stranger’s. If it is the address of the first time, it can match the two.
    [return-onion] That someone chose your place, and when.
 }
learns-server-not = Your name, as long as your address does not lead to it. Your words. From the messages themselves, which pledge belongs to which invite.
learns-organisers = The organisers
learns-organisers-does = The published numbers, like everyone. Whoever gave you the invite and kept a copy can try whether it was used. If they run the server too, the row above holds for them.
learns-organisers-not = Your place. Numbers that are not public.
learns-everybody = Everyone
learns-everybody-does = At fixed times, that { $k } or more people pledged, for your place, for its region or for the whole. The entries of such a group are public and carry nothing of you.
learns-everybody-not = Any smaller number. Who they are. Whether you are one of them.
learns-seizure = Whoever seizes the server
learns-seizure-does = Which invites were used, and for which places pledges wait. Of the time since the last publication also the order in which both came, when the last one came, and so which probably belong together. After the close, what is public, and what the disk failed to erase.
learns-seizure-not = Names and addresses: they are not kept. The times of all but the last message.
openly-heading = Also true
openly-copy = Whoever wrote down which code you were given can find out whether you used it. Not for which place.
openly-email = If your invite came by e-mail, the sender and the mail provider know that you asked for it.
openly-phrase = Words, token or screenshots that you keep prove what you did to whoever finds them.
openly-waiting = { $less ->
    [one] One pledge of a place can wait until the close, and may never be shown.
   *[other] Up to { $less } pledges of a place can wait until the close, and may never be shown.
 }
openly-served = This page is a program that the server sends you. If you think the server itself is hostile, use the program “headcount” instead.
openly-device = It does not protect you from someone who holds or watches your device, nor from being seen where you take part.

### The words

phrase-title = Your 12 words
phrase-sentence = If this tab dies, only these finish it; if they are found, they prove it.
phrase-how = Write down words or numbers on paper, if you can hide or destroy the paper. Nothing has been sent yet.
phrase-have = I have them
phrase-skip = Skip
phrase-label = Your 12 words
phrase-hint = The words or the numbers, in their order, with spaces between.
recover-title = Go on with your 12 words
recover-lead = Whatever broke off, nothing is counted twice. You need the same invite, the same words and the same place as the first time.
return-title = Pledge with your token
return-lead = You need the token and the 12 words that belong to it. Nothing is sent before the button.
token-label = Your token
token-hint = The long text. From a picture, scan it with any reader that keeps nothing, and paste the text here.

### Running

progress-title = Registering
progress-slow = Your device is computing. On an old phone, or in Tor Browser at level “Safer”, this can take half a minute or more.
progress-keep-open = Keep this tab open.
stage-key = Asking the server for its public key…
stage-blinding = Sealing your place, so that the server signs without seeing it…
stage-token = Sending the sealed request and waiting for the signature…
stage-unblinding = Opening the answer and checking the signature…
stage-waiting = Your token is here, and its signature is right. Now it waits.
stage-pledging = Sending your pledge…
stage-counted = Counted.
stage-kept = Your token is here.
waiting-left = { $minutes ->
    [one] Less than a minute to go.
   *[other] About { $minutes } minutes to go.
 }
waiting-why = The pledge goes out by itself while this page is open. A phone whose screen is off may send it only when you come back.
pledge-now = Send it now
keep-token = Rather keep the token for later
again-is-safe = Trying again sends exactly the same and counts once.
have-first-phrase = I have the first words
type-again = Give the invite again
invite-used-register = This invite was used before, with other words or another place. The words shown just now are of no use; destroy them. If it was you, go on with the FIRST words and the first place. If it was not you, tell the person who gave you the invite.
invite-used-recover = This invite was used with other words or another place. Is it the same place and are they the same words as the first time? If neither was wrong, somebody else used the invite: tell the person who gave it to you.
invite-used-return = The server spoke of an invite, though none was sent. Tell the organisers, by another way than through this server.
misbehaved-key = The server offers another key than the one this campaign was made with. Nothing of yours was sent. Do not go on; tell the organisers, by another way than through this server.
misbehaved-unblinding = The server’s answer is not a right signature, and was thrown away. Do not try again and again. Tell the organisers, by another way than through this server.
misbehaved-pledging = The server says that the pledge is counted, but its receipt is not genuine. Try again later, and tell the organisers by another way than through this server.

### Counted

counted-title = You are counted
counted-when-heading = When it shows
counted-when = At { $time } at the earliest, when the numbers are next published.
counted-when-unknown = When the numbers are next published, at the earliest.
counted-groups = { $k ->
    [one] As soon as { $k } pledge of your place is there; perhaps only at the close on { $closes }, for the region or the whole; perhaps never.
   *[other] As soon as { $k } pledges of your place are together; perhaps only at the close on { $closes }, for the region or the whole; perhaps never. Counted it is in any case.
 }
counted-now-heading = What to do now
counted-now = Forget everything here, then close this tab and, in Tor Browser, take “New Identity”.
counted-phrase = If you wrote down the 12 words, destroy them. They are of use only to find your own entry in the public log, with the program “headcount status”, and they prove what you did.
forgotten = Nothing is left here. You can close this tab.

### Kept for later

kept-title = Your token, for later
kept-sentence = These two together, the token and the 12 words, are your pledge: keep them apart from each other.
kept-from = You are not counted yet. Come back with both from { $time }.
kept-any-time = You are not counted yet. Come back with both, rather not at once.
kept-until = The campaign closes on { $time }; after that they are worth nothing.
kept-token = The token
kept-qr = The token as a QR code
kept-phrase = The 12 words
kept-how-heading = How to come back
kept-how = Open { $address } without the invite, choose “I have a token from an earlier sitting”, and give both. Best come from another network or, in Tor Browser, after “New Identity”.
copy = Copy the token
copied = Copied.
not-copied = This browser does not allow copying. The text is selected now: copy it by hand.
copy-hint = Other programs on this device can read what was copied. Copy something else afterwards.
forget-kept = I have both: forget everything

### What goes wrong

lost = No answer came that could be used. Check the connection and try again.
door-gone = The part of this page that computes has stopped, and with it what it knew. Start again; if something had been sent, choose “Something broke off” and give your words.
unexpected = Something happened that must not happen. Start again; if it stays so, tell the organisers.
asks-to-wait = { $seconds ->
    [one] The server asks to wait a second.
   *[other] The server asks to wait { $seconds } seconds.
 }
link-under-way = A link was pasted while something is under way. Finish or forget it first, then paste the link again.
mistake-invite_group = { $group ->
    [9] There is more here than eight groups. Take away what does not belong to the code.
   *[other] Group { $group } is not right. Compare its four characters with the paper; the letter U does not occur.
 }
mistake-campaign_part = The part of the link that names the campaign is damaged. Copy the whole link once more.
mistake-no_link = This is neither an invite link nor a code. Copy the whole link, or type the eight groups from the paper.
mistake-no_invite = This link names the campaign but holds no invite. Use the link or the code that was given to you.
mistake-other_campaign = This server serves another campaign than the one your link names. Do not go on; tell the person who gave you the link.
mistake-not_here = This campaign lives at another address than this one. This may be a copy made to deceive. Do not go on; ask the person who gave you the link.
mistake-malformed = What was given cannot be read. Check it and try again.
mistake-unsupported = This campaign needs a newer page than this one. Tell the organisers.
mistake-misbehaved = The server answered what a right one does not answer. Do not go on; tell the organisers, by another way than through this server.
mistake-out_of_order = Something happened that must not happen. Start again with your invite; if something had been sent, choose “Something broke off”.
mistake-phrase_count = { $count ->
    [one] There is one word here; there must be 12.
   *[other] There are { $count } words here; there must be 12.
 }
mistake-phrase_word = Word { $position } is not on the list. Check its spelling.
mistake-phrase_checksum = All words are on the list, but they do not fit together. One of them is another word, or the order is wrong.
mistake-token_unreadable = This is no whole token. Copy it once more, from the first character to the last.
mistake-token_other_campaign = This token belongs to another campaign than the one at this address.
mistake-token_not_of_phrase = These words did not make this token. Check both.
problem-malformed = The server could not read the message. Load this page anew; if it stays so, tell the organisers.
problem-unsupported-media-type = The server does not take this kind of message. Load this page anew; if it stays so, tell the organisers.
problem-too-large = The server found the message too large. Load this page anew; if it stays so, tell the organisers.
problem-invite-unknown = The server does not know this invite. Check each group with the paper, or ask for another invite. You then get new words; those shown before are of no use.
problem-unauthorised = The server asked for an organiser’s word, which is not right here. Check the address, and tell the organisers.
problem-invite-used = This invite was used before, with other words or another place.
problem-exhausted = For now no more invites of this kind are taken. Keep your words, and come back after the numbers are next published: with the invite, the same words and the same place.
problem-token-invalid = The server does not accept the token. Check that it belongs to this campaign; if it does, tell the organisers, by another way than through this server.
problem-pledge-mismatch = The token was made for another place or from other words. Use the words that belong to it.
problem-not-open = The campaign does not take this yet. Come back when it is open.
problem-closed = The campaign has closed for this. Nothing more can be done here.
problem-rate-limited = The server has too many requests. Wait a little and try again.
problem-unavailable = The server cannot do it just now. Wait a little and try again.
problem-not-found = There is nothing at this address of the server. Load this page anew; if it stays so, tell the organisers.
problem-method-not-allowed = The server does not take this request. Load this page anew; if it stays so, tell the organisers.
problem-forbidden = The server does not allow this. Check the address, and tell the organisers.
problem-other = The server answered something that is no answer of a campaign. Perhaps something stands between you and it, such as a login page of the network. Check the connection and try again.
