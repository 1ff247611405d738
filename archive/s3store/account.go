package s3store

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Account says where a store is and on whose behalf it is asked, and where each of that was
// found. It holds no secret.
type Account struct {
	Bucket, Prefix string
	Endpoint       string // "" is AWS
	EndpointFrom   string // a variable or a profile; "": the [Config], or nothing
	Region         string
	RegionFrom     string
	// Key is how the access key's id ends, in four characters; "": it is too short for
	// that to be no secret.
	Key     string
	KeyFrom string // a variable, a file, or the SDK's name of the provider
	Profile string // of the shared config files; "": none of them was read
	Role    string // that the profile assumes, by its ARN
	// Missing is why there are no credentials; "": there are.
	Missing string
}

// origins are where [Open] found what decides where requests go.
type origins struct{ endpoint, region, profile, role string }

// originsOf looks where the SDK has, in its order.
func originsOf(c Config, ambient aws.Config) origins {
	var env config.EnvConfig
	var shared config.SharedConfig
	for _, source := range ambient.ConfigSources {
		switch s := source.(type) {
		case config.EnvConfig:
			env = s
		case config.SharedConfig:
			shared = s
		}
	}
	o := origins{profile: shared.Profile, role: shared.RoleARN}
	ofProfile := "profile " + shared.Profile
	switch {
	case env.Region != "":
		o.region = firstSet("AWS_REGION", "AWS_DEFAULT_REGION")
	case shared.Region != "":
		o.region = ofProfile
	case ambient.Region == "":
		o.region = "assumed"
	}
	if c.Endpoint == "" {
		if o.endpoint = firstSet("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"); o.endpoint == "" {
			o.endpoint = ofProfile
		}
	}
	return o
}

func firstSet(names ...string) string {
	for _, name := range names {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// Account describes the store. It sends nothing to it, but the credentials may have to be
// fetched: from the instance's metadata service, say.
func (s *Store) Account(ctx context.Context) Account {
	o := s.client.Options()
	a := Account{
		Bucket: s.bucket, Prefix: s.prefix, Endpoint: s.Settings().Endpoint,
		Region: o.Region, RegionFrom: s.from.region, Profile: s.from.profile, Role: s.from.role,
	}
	if a.Endpoint != "" {
		a.EndpointFrom = s.from.endpoint
	}
	if o.Credentials == nil {
		a.Missing = "requests are not signed"
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	found, err := o.Credentials.Retrieve(ctx)
	if err != nil {
		a.Missing = fmt.Sprint(essence(err))
		return a
	}
	a.KeyFrom = found.Source
	switch file, shared := strings.CutPrefix(found.Source, "SharedConfigCredentials: "); {
	case found.Source == config.CredentialsSourceName:
		a.KeyFrom = firstSet("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
	case shared:
		a.KeyFrom = file
	}
	if id := found.AccessKeyID; len(id) >= 16 {
		a.Key = id[len(id)-4:]
	}
	return a
}
