package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const anyOrigin = "*"

// What a page of the allowed origin may send and read besides what every page may.
// Cookies are not among it: Access-Control-Allow-Credentials is never sent.
const (
	corsRequestHeaders = "Authorization, Content-Type, If-None-Match, X-User"
	corsAnswerHeaders  = "ETag, Retry-After"
	corsMaxAge         = "600" // seconds
)

// checkOrigin reports why a configured origin would never equal one that a browser sends.
func checkOrigin(origin string) error {
	if origin == "" || origin == anyOrigin {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || strings.Contains(u.Host, anyOrigin) || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("web: Options.AllowOrigin %q is no origin: give scheme and host, such as https://changes.example.com, and no path", origin)
	}
	return nil
}

// protection lets through what no browser sends for a page of another origin than this
// server's and the allowed one. Other programs send no Origin and are let through.
func protection(allowed string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	if allowed == "" || allowed == anyOrigin {
		return p, nil
	}
	if err := p.AddTrustedOrigin(allowed); err != nil {
		return nil, fmt.Errorf("web: Options.AllowOrigin: %w", err)
	}
	return p, nil
}

// setHeaders sets what every answer of the API has: a browser must not take it for
// anything but JSON, show it in a frame, or give it to pages of other origins.
func (a *api) setHeaders(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if a.AllowOrigin == "" {
		return
	}
	if a.AllowOrigin != anyOrigin {
		h.Set("Vary", "Origin")
	}
	if a.allowed(r) {
		h.Set("Access-Control-Allow-Origin", a.AllowOrigin)
		h.Set("Access-Control-Expose-Headers", corsAnswerHeaders)
	}
}

func (a *api) allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin != "" && (a.AllowOrigin == anyOrigin || a.AllowOrigin == origin)
}

// options answers a browser that asks whether a page may send a request. To pages
// of other origins than the allowed one it says nothing, which is a no.
func (a *api) options(x *exchange, to *route) answer {
	reply := answer{status: http.StatusNoContent}.with("Allow", to.allow)
	if x.Header.Get("Access-Control-Request-Method") != "" && a.allowed(x.Request) {
		reply = reply.with("Access-Control-Allow-Methods", to.allow).
			with("Access-Control-Allow-Headers", corsRequestHeaders).
			with("Access-Control-Max-Age", corsMaxAge)
	}
	return reply
}
