package doctor

import (
	"holdfast/archive"
	"holdfast/archive/storefault"
)

// row is a promise, and how it is tried.
type row struct {
	name, aws string
	subject   storefault.Subject
	means     string // if it is kept, or broken by no known fault
	quick     bool   // of the short form too
	raw       bool   // it needs a Sender
	try       func(*trial) (finding, error)
}

const neverSent = "The core never sends it."

var rows = []row{
	{name: "create on nothing", aws: "200", subject: storefault.Writes, quick: true,
		means: "New documents can be created.", try: func(t *trial) (finding, error) {
			return t.mustAccept("created", archive.IfAbsent())
		}},
	{name: "create over an object", aws: "412 PreconditionFailed", subject: storefault.Writes, quick: true,
		means: "Nobody creates over a document.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("first"); err != nil && !isFault(err) {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfAbsent(), "first")
		}},
	{name: "create after a delete", aws: "200", subject: storefault.Writes,
		means: "What was deleted can be created again.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("first"); err != nil {
				return finding{}, err
			}
			if err := t.delete(); err != nil {
				return finding{}, err
			}
			return t.mustAccept("again", archive.IfAbsent())
		}},
	{name: "update of the current version", aws: "200", subject: storefault.Writes, quick: true,
		means: "Documents can be saved.", try: func(t *trial) (finding, error) {
			etags, err := t.versions("first")
			if err != nil {
				return finding{}, err
			}
			return t.mustAccept("second", archive.IfMatch(etags[0]))
		}},
	{name: "update of an old version", aws: "412 PreconditionFailed", subject: storefault.Writes, quick: true,
		means: "Nobody saves on top of an old version.", try: func(t *trial) (finding, error) {
			etags, err := t.versions("first", "second")
			if err != nil {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfMatch(etags[0]), "second")
		}},
	{name: "update of nothing", aws: "404 NoSuchKey", subject: storefault.Writes, quick: true,
		means: "An update creates nothing. If it is told 412, it reads again and finds that there is nothing.",
		try: func(t *trial) (finding, error) {
			return t.mustRefuse(archive.IfMatch(`"d41d8cd98f00b204e9800998ecf8427e"`), "")
		}},
	{name: "update of what was deleted", aws: "404 NoSuchKey", subject: storefault.Writes,
		means: "An update brings nothing back. If it is told 412, it reads again and finds that there is nothing.",
		try: func(t *trial) (finding, error) {
			etags, err := t.versions("first")
			if err != nil {
				return finding{}, err
			}
			if err := t.delete(); err != nil {
				return finding{}, err
			}
			return t.mustRefuse(archive.IfMatch(etags[0]), "")
		}},
	{name: "write without a condition", aws: "200", subject: storefault.Writes,
		means: "The core makes none.", try: func(t *trial) (finding, error) {
			if _, err := t.versions("a longer first version"); err != nil {
				return finding{}, err
			}
			return t.mustAccept("second", archive.Condition{})
		}},
	{name: "create with the ETag of what is there", aws: "501 NotImplemented", raw: true, means: neverSent, try: ifNoneMatchETag},
	{name: "update of any version (If-Match: *)", aws: "not documented", raw: true, means: neverSent, try: ifMatchAny(true)},
	{name: "update of any version, of nothing", aws: "not documented", raw: true, means: neverSent, try: ifMatchAny(false)},
	{name: "both conditions", aws: "not documented", raw: true, means: neverSent, try: bothConditions},
	{name: "status of a refusal", aws: "4xx; may be inside a 200", raw: true,
		means: "The adapter goes by the error code.", try: statusOfRefusal},

	{name: "delete of the current version", aws: "204", subject: storefault.Deletes,
		means: "The core makes no conditional delete.", try: deleteCurrent},
	{name: "delete of an old version", aws: "412 PreconditionFailed", subject: storefault.Deletes,
		means: "Nobody deletes on top of an old version.", try: deleteOld},
	{name: "delete of nothing, on a condition", aws: "404 NoSuchKey", subject: storefault.Deletes,
		means: "Of two who delete, one is told that it was not the one.", try: deleteNothing},

	{name: "one ETag for one version", aws: "PUT, GET and HEAD agree", subject: storefault.Writes, quick: true,
		means: "What a save answered can be saved on.", try: oneETag},
	{name: "another body, another ETag", aws: "another", subject: storefault.Writes, quick: true,
		means: "A version is known by its ETag.", try: anotherETag},
	{name: "ETag is strong", aws: "strong", raw: true, subject: storefault.Writes,
		means: "By a weak one no write can be made conditional (RFC 9110, 13.1.1).", try: strongETag},
	{name: "same bytes, written twice", aws: "the same ETag (MD5)",
		means: "If the ETag is the same, A, B and A again can't be told from A; each write of the core has an id of its own, so that no two have the same bytes.",
		try:   sameBytes},
	{name: "read after write", aws: "sees it", subject: storefault.Reads, quick: true,
		means: "A save is seen by all at once.", try: readAfterWrite},
	{name: "100 KB, each byte", aws: "stored as sent", subject: storefault.Reads,
		means: "Documents come back as they were.", try: everyByte},
	{name: "listing after a write", aws: "sees it", means: "Who looks for forgotten triggers finds all objects.", try: listing},
	{name: "wrong Content-MD5", aws: "400 BadDigest", raw: true,
		means: "A body that was garbled on its way is refused.", try: wrongDigest},

	{name: "permission to read what is not there", aws: "404 NoSuchKey", quick: true,
		means: "Without s3:ListBucket S3 answers 403 for a missing key, and no document can be created.", try: mayReadNothing},
	{name: "permission to read", aws: "200", means: "It needs s3:GetObject.", try: mayRead},
	{name: "permission to look (HEAD)", aws: "200", means: "It needs s3:GetObject.", try: mayLook},
	{name: "permission to list", aws: "200", means: "It needs s3:ListBucket; the core does not list, who looks for forgotten triggers does.", try: mayList},
	{name: "permission to delete", aws: "204", means: "It needs s3:DeleteObject; the core deletes only what a caller deletes.", try: mayDelete},
	{name: "versioning", aws: "as the bucket is set", raw: true, means: "A bucket with versions keeps each save, and a clean-up must remove them all.", try: versioning},
	{name: "clock", aws: "within 15 minutes", raw: true, means: "Signatures of a clock that is further off are refused.", try: clock},
}
