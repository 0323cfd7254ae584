# Programs of this machine: tokens, hooks, webhooks, and what they are told.

api-token-made =
    { $token }

    This is the token. It is not shown again: put it where only the program reads it.
    Number { $id }, good until { $until }. Take it away with `causeway api token revoke { $id }`.
api-token-none = No program has a token.
api-token-until = until { $until }
api-token-over = (its time is over)
api-token-revoked = { $name } may do nothing any more.

fail-api-name = This is not a name for a program.
    .hint = Use letters, digits, `-`, `_` and `.`, at most { $max }.
fail-api-tokens = There are { $max } tokens already.
    .hint = Take away what is not used: `causeway api token list`, `causeway api token revoke NUMBER`.
fail-api-no-token = There is no token with this request, or it is not one of this home.
    .hint = Show it as `Authorization: Bearer TOKEN`. A person makes one with `causeway api token create`.
fail-api-token-over = The time of this token is over.
    .hint = A person makes another one with `causeway api token create`.
fail-api-scope = This token may not do that: it lacks the scope { $scope }.
    .hint = Make a token with that scope, if the program is to do that.
fail-api-locked = The home is locked.
    .hint = Ask again later: a person unlocks it on the pages.
fail-api-request = This part of the request does not read: { $why }.
    .hint = `causeway api spec` says what it has to look like.
fail-api-large = The request is longer than { $max } bytes.
    .hint = Send less at once; files go by the command line.
fail-api-key-used = Another request has had this Idempotency-Key.
    .hint = Use a new key for each request, and the same one only to ask the same again.
fail-api-nowhere = There is nothing at this address.
    .hint = `causeway api spec` lists all addresses.
fail-api-place = This place is not in the list or in the log.
    .hint = Begin again without `after`: what stood there has left the list, or the home was restored from a backup.
fail-api-draft = This record is the draft { $id } already: somebody may have changed it here, or it was sent.
    .hint = Look at it with `causeway drafts show { $id }`; under another key it becomes another draft.
fail-api-consumers = This token has { $max } places in the log already.
    .hint = Use the names that you have; one that says nothing for 30 days is forgotten. A person frees places: `causeway api consumers list`, `causeway api consumers remove PLACE`.

api-webhook-added =
    { $secret }

    This is the secret that signs what is posted to { $url }. It is not shown again: put it where only the receiver reads it.
    Number { $id }. Take it away with `causeway api webhook remove { $id }`.
api-webhook-none = There are no webhooks.
api-webhook-removed = Nothing is posted to { $url } any more.
api-delivery-none = Nothing has been brought to a hook or webhook.
api-delivery-waiting = waits, again at { $next }
api-delivery-dead = given up
api-delivery-done = taken
api-delivery-again = It is tried again within a minute, while `causeway serve` has the home open.

fail-webhook-address = Nothing is posted to this address.
    .hint = Use one that begins with https://, or http:// and a loopback address by its number, for example http://127.0.0.1:8080/.
fail-webhooks = There are { $max } webhooks already.
    .hint = Take one away: `causeway api webhook list`, `causeway api webhook remove NUMBER`.
fail-webhook-ca = There is no certificate in this file, or one that does not read.
    .hint = It has to be PEM, as `-----BEGIN CERTIFICATE-----` begins it, at most 128 KiB.
