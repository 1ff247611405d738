package breaker

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"holdfast/archive"
)

// Signer returns a [Config.Sign] that signs for S3, as these credentials.
func Signer(as aws.CredentialsProvider, region string) func(r *http.Request, sha256 string) error {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return func(r *http.Request, sha256 string) error {
		credentials, err := as.Retrieve(r.Context())
		if err != nil {
			return err
		}
		r.Header.Del("Authorization")
		r.Header.Set("X-Amz-Content-Sha256", sha256)
		return signer.SignHTTP(r.Context(), credentials, r, sha256, "s3", region, archive.WallClock{}.Now())
	}
}
