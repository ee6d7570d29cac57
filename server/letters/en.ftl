# The mail that carries an invite link. It names no cause. The link stands between "asked" and "how".

subject = The link you asked for
asked = Somebody, probably you, asked for this link to be sent to this address:
how = Open it in a browser, best in Tor Browser. It can be used once, by whoever has it: pass it on to nobody. If you did not ask for it, delete this message, and nothing happens.
compare = The link proves nothing about what it leads to, because it comes from the same server. You will be shown eight words there: compare them with a printed poster, or with somebody whom you trust.
seen = Whoever runs your e-mail can see that you asked, and can read the link. Delete this message when you have used it, from the bin too.
