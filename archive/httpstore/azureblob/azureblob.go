// Package azureblob is an archive.Store on Azure Blob Storage: a store of package httpstore,
// with what is Azure's own in requests and answers. Objects are block blobs. It needs the
// standard library only.
package azureblob

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
)

// Config says where the blobs are.
type Config struct {
	Container string // required; it must exist
	Prefix    string // before every key, separated by a slash; empty: the whole container
	// Account is the storage account's name. Required.
	Account string
	// Key is the account's, in base64, with which requests are signed (Shared Key); SAS is a
	// shared access signature, as the query of a URL. One of them is required. Neither is
	// ever printed.
	Key, SAS string
	// Endpoint is the URL of the account; empty: https://ACCOUNT.blob.core.windows.net. The
	// emulator Azurite has http://127.0.0.1:10000/ACCOUNT.
	Endpoint string
	// These are as in [httpstore.Config].
	RequestTimeout time.Duration
	MaxObjectBytes int64
	Transport      http.RoundTripper
}

// The variables of the environment, as Azure's own tools call them.
const (
	envAccount = "AZURE_STORAGE_ACCOUNT"
	envKey     = "AZURE_STORAGE_KEY"
	envSAS     = "AZURE_STORAGE_SAS_TOKEN"
)

// Ambient returns the configuration with account, key and SAS of the environment, where it has
// none: AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY and AZURE_STORAGE_SAS_TOKEN.
func (c Config) Ambient() Config {
	c.Account = cmp.Or(c.Account, os.Getenv(envAccount))
	if c.Key == "" && c.SAS == "" {
		c.Key, c.SAS = os.Getenv(envKey), os.Getenv(envSAS)
	}
	return c
}

// version is that of the service's interface, in which all that is asked for here is settled.
const version = "2021-12-02"

// http returns the configuration of the store below.
func (c Config) http() (httpstore.Config, error) {
	none := httpstore.Config{}
	switch {
	case c.Account == "" || strings.ContainsAny(c.Account, "/:@?#. "):
		return none, fmt.Errorf("account %q: want the name of a storage account: set %s", c.Account, envAccount)
	case c.Container == "" || strings.ContainsAny(c.Container, "/:@?# "):
		return none, fmt.Errorf("container %q: want a name such as my-container", c.Container)
	case strings.Contains(strings.Trim(c.Prefix, "/"), "//"):
		return none, fmt.Errorf("prefix %q: an empty path segment", c.Prefix)
	case c.Key == "" && c.SAS == "":
		return none, fmt.Errorf("no credentials: set %s or %s", envKey, envSAS)
	}
	endpoint := cmp.Or(strings.TrimRight(c.Endpoint, "/"), "https://"+c.Account+".blob.core.windows.net")
	h := httpstore.Config{
		URL: endpoint + "/" + c.Container, Header: http.Header{"X-Ms-Version": {version}}, Interpret: interpret, NoCollections: true,
		RequestTimeout: c.RequestTimeout, MaxObjectBytes: c.MaxObjectBytes, Transport: c.Transport,
	}
	var err error
	if c.SAS != "" {
		if h.Query, err = url.ParseQuery(strings.TrimPrefix(c.SAS, "?")); err != nil || h.Query.Get("sig") == "" {
			return none, fmt.Errorf("the shared access signature is not like sv=…&sig=…: correct %s", envSAS)
		}
		h.Sign = blockBlob
		return h, h.Validate()
	}
	if h.Sign, err = sharedKey(c.Account, c.Key); err != nil {
		return none, err
	}
	return h, h.Validate()
}

// Validate reports the first field that cannot be right. It repeats no secret.
func (c Config) Validate() error {
	_, err := c.http()
	return err
}

// ParseURL splits azblob://container/prefix. The prefix may be empty.
func ParseURL(store string) (container, prefix string, err error) {
	rest, ok := strings.CutPrefix(store, Scheme+"://")
	container, prefix, _ = strings.Cut(rest, "/")
	if !ok || container == "" || strings.ContainsAny(rest, "@?#") { // which may be a secret
		return "", "", errors.New("want " + Scheme + "://container or " + Scheme + "://container/prefix")
	}
	return container, strings.Trim(prefix, "/"), nil
}

// Scheme begins the names of stores that [ParseURL] reads.
const Scheme = "azblob"

// Open returns a store as configured. It sends nothing; see [httpstore.Store.Check].
func Open(c Config) (*httpstore.Store, error) {
	h, err := c.http()
	if err != nil {
		return nil, fmt.Errorf("open %s://%s: %w", Scheme, c.Container, err)
	}
	s, err := httpstore.Open(h)
	if err != nil {
		return nil, err
	}
	return s.WithPrefix(c.Prefix), nil
}

// interpret says what an answer of Azure means where that is not what HTTP says.
func interpret(a *httpstore.Answer) {
	a.Code = a.Header.Get("X-Ms-Error-Code")
	switch {
	case a.Method == http.MethodDelete && a.Status == http.StatusAccepted:
		a.Success = true // it is gone for every later request
	case a.Success:
	case a.Code == "BlobAlreadyExists": // a create of what is there: sent again, it is refused again
		a.Kind = archive.ErrPreconditionFailed
	case a.Code == "ServerBusy":
		a.Kind = archive.ErrThrottled
	case strings.HasPrefix(a.Code, "Lease"), a.Code == "ContainerNotFound", a.Code == "ContainerBeingDeleted", a.Code == "ContainerDisabled",
		a.Code != "" && a.Status == http.StatusConflict: // a state that no retry changes: a snapshot, a policy, a type
		a.Kind = nil
	}
}
