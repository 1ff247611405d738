package s3store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/archive"
	"holdfast/archive/redact"
	"holdfast/archive/storefault"
)

// failure is a request of Check that was not answered as it should be.
type failure struct {
	err      error
	status   int    // 0: no answer
	code     string // of S3; empty: none
	bucket   string
	endpoint string // empty: AWS
}

// causes are what may be wrong, the surest first: the first that is not empty is what to do.
var causes = []func(failure) string{bucketCause, credentialsCause, redirectCause, permissionCause, proxyCause, trustCause, schemeCause, nameCause, serverCause}

// cause says what is probably wrong and what to do; empty: nobody knows.
func (f failure) cause() string {
	for _, of := range causes {
		if what := of(f); what != "" {
			return what
		}
	}
	return ""
}

func bucketCause(f failure) string {
	if f.code != "NoSuchBucket" {
		return ""
	}
	if u, err := url.Parse(f.endpoint); err == nil && strings.Trim(u.Path, "/") != "" {
		return fmt.Sprintf("there is no such bucket: create it, or correct its name or the path %s of the endpoint, of which S3 needs none", u.Path)
	}
	return "there is no such bucket: create it, or correct its name"
}

func credentialsCause(f failure) string {
	switch f.code {
	case "RequestTimeTooSkewed", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException",
		"InvalidToken", "TokenRefreshRequired", "InvalidClientTokenId", "UnrecognizedClientException":
		return "correct the AWS credentials (or this machine's clock)"
	}
	return ""
}

func permissionCause(f failure) string {
	if f.status != http.StatusForbidden && f.status != http.StatusUnauthorized {
		return ""
	}
	if f.code == "AccessDenied" { // it says itself what it needs
		return "a run needs s3:PutObject and s3:DeleteObject too"
	}
	return "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket" +
		" (without the last, S3 answers 403 for a missing key)"
}

// redirectCause names where the server points to: a region, or a host without what else the
// address may hold.
func redirectCause(f failure) string {
	moved := f.status >= http.StatusMultipleChoices && f.status < http.StatusBadRequest
	if f.code != "PermanentRedirect" && f.code != "AuthorizationHeaderMalformed" && !moved {
		return ""
	}
	header := headerOf(f.err)
	if region := header.Get("x-amz-bucket-region"); region != "" {
		return "the bucket is in another region: set AWS_REGION=" + redact.Text(region)
	}
	to, err := url.Parse(header.Get("Location"))
	// The SDK makes one up on amazonaws.com for an answer that should have a Location.
	if err == nil && to.Host != "" && to.Host != "amazonaws.com" && f.code == "" {
		return fmt.Sprintf("it points to %s://%s, and no redirect is followed: correct the endpoint, or AWS_REGION", to.Scheme, to.Host)
	}
	return "the bucket is in another region: set AWS_REGION"
}

func headerOf(err error) http.Header {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.Response.Header
	}
	return nil
}

func proxyCause(f failure) string {
	var op *net.OpError
	switch {
	case errors.As(f.err, &op) && op.Op == "proxyconnect":
		return "correct HTTPS_PROXY or HTTP_PROXY, or except the host by NO_PROXY"
	case f.status == http.StatusProxyAuthRequired, f.status == 0 && strings.Contains(f.err.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		return "the proxy of HTTPS_PROXY or HTTP_PROXY wants a user and a password, or others"
	}
	return ""
}

func trustCause(f failure) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(f.err, &unknown):
		return "the server's certificate is by an authority that is not known here: set AWS_CA_BUNDLE to a PEM file with the authority's"
	case errors.As(f.err, &host):
		return "the server's certificate is for other names: give the endpoint one of them"
	case errors.As(f.err, &invalid):
		return "the server's certificate is not valid: renew it, or correct this machine's clock"
	}
	return ""
}

// schemeCause: one end speaks TLS, and the other does not.
func schemeCause(f failure) string {
	var noTLS tls.RecordHeaderError
	// net/http puts an error of its own in the place of that one if it has seen HTTP.
	if errors.As(f.err, &noTLS) || f.status == 0 && strings.Contains(f.err.Error(), "server gave HTTP response to HTTPS client") {
		return "the server does not speak TLS there: give the endpoint as http://, or another port"
	}
	cut := f.status == 0 && (errors.Is(f.err, io.EOF) || strings.Contains(f.err.Error(), "malformed HTTP response"))
	if strings.HasPrefix(f.endpoint, "http://") && (cut || f.status == http.StatusBadRequest && f.code == "") {
		return "is this an S3 endpoint? If it speaks TLS, give it as https://"
	}
	return ""
}

// nameCause: a host that nobody knows, maybe only because the bucket's name stands before it.
func nameCause(f failure) string {
	var dns *net.DNSError
	switch {
	case !errors.As(f.err, &dns):
		return ""
	case f.endpoint != "" && strings.HasPrefix(dns.Name, f.bucket+"."):
		return "no host has this name: correct the endpoint, or set the path style to on, with which the bucket is not part of it"
	case f.endpoint == "":
		return "no host has this name: correct AWS_REGION, or this machine's DNS"
	}
	return "no host has this name: correct the endpoint, or this machine's DNS"
}

func serverCause(f failure) string {
	_, broken := errors.AsType[*storefault.Error](f.err)
	switch {
	case broken:
		return "is this an S3 endpoint?"
	case errors.Is(f.err, archive.ErrUnavailable):
		return "is the server running, and is the endpoint right?"
	case f.code == "":
		return "is this an S3 endpoint?"
	}
	return ""
}
