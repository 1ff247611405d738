package httpstore

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
)

// The variables of the environment that say who asks.
const (
	envUser     = "HOLDFAST_HTTP_USER"
	envPassword = "HOLDFAST_HTTP_PASSWORD"
	envToken    = "HOLDFAST_HTTP_TOKEN"
)

// Ambient returns the configuration with the credentials of the environment, if there are any:
// HOLDFAST_HTTP_USER and HOLDFAST_HTTP_PASSWORD (Basic), or HOLDFAST_HTTP_TOKEN (Bearer). They
// go to the server of [Config.URL] and to no other.
func (c Config) Ambient() (Config, error) {
	user, password, token := os.Getenv(envUser), os.Getenv(envPassword), os.Getenv(envToken)
	value := ""
	switch {
	case token != "" && (user != "" || password != ""):
		return c, errors.New(envToken + " and " + envUser + " are both set: unset one")
	case token != "":
		value = "Bearer " + token
	case user != "":
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	case password != "":
		return c, errors.New(envPassword + " is set, and " + envUser + " is not")
	default:
		return c, nil
	}
	if c.Header = c.Header.Clone(); c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Set("Authorization", value)
	return c, nil
}
