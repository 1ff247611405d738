package network

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (l *Leg) UnmarshalYAML(node ast.Node) error {
	parsed, err := ParseDistribution(node.GetToken().Value)
	switch {
	case err != nil:
		return &valueError{node.GetToken(), err.Error()}
	case parsed.shape == empirical:
		return &valueError{node.GetToken(), "a profile holds its numbers itself: write quantiles(…) in place of empirical(FILE)"}
	}
	l.Distribution = parsed
	return nil
}

// MarshalYAML writes the distribution as it is read.
func (l Leg) MarshalYAML() (any, error) { return l.Distribution.String(), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *Share) UnmarshalYAML(node ast.Node) error {
	return number(node, (*float64)(s), "a share from 0 to 1", func(v float64) bool { return v >= 0 && v <= 1 })
}

// MarshalYAML writes the share as it is read.
func (s Share) MarshalYAML() (any, error) { return plain(float64(s)), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (r *Rate) UnmarshalYAML(node ast.Node) error {
	want := fmt.Sprintf("0 or a number from %v to %.0f", leastRate, mostRate)
	return number(node, (*float64)(r), want, func(v float64) bool { return v == 0 || v >= leastRate && v <= mostRate })
}

// MarshalYAML writes the rate as it is read.
func (r Rate) MarshalYAML() (any, error) { return plain(float64(r)), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (c *Count) UnmarshalYAML(node ast.Node) error {
	var v float64
	err := number(node, &v, fmt.Sprintf("a whole number, 0 to %d", mostBurst), func(v float64) bool {
		return v >= 0 && v <= mostBurst && v == math.Trunc(v)
	})
	*c = Count(v)
	return err
}

func number(node ast.Node, into *float64, want string, fits func(float64) bool) error {
	text := node.GetToken().Value
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !fits(v) {
		return &valueError{node.GetToken(), fmt.Sprintf("want %s, not %q", want, text)}
	}
	*into = v
	return nil
}

// plain is a number without a fraction that says nothing.
func plain(v float64) any {
	if v == math.Trunc(v) {
		return int64(v)
	}
	return v
}

// rounded has three digits after the point: more was not measured.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// RateOf is a rate as a profile states it; 0: none.
func RateOf(perSecond float64) Rate {
	return Rate(min(max(rounded(perSecond), 0), mostRate))
}

// ShareOf is a share as a profile states it.
func ShareOf(share float64) Share { return Share(min(max(rounded(share), 0), 1)) }

// valueError is a bad value at a token.
type valueError struct {
	at     *token.Token
	reason string
}

func (e *valueError) Error() string { return e.reason }

// positioned is one line with the place of a mistake.
func positioned(file string, err error) error {
	var value *valueError
	var other yaml.Error
	at, reason := (*token.Token)(nil), err.Error()
	switch {
	case errors.As(err, &value):
		at, reason = value.at, value.reason
	case errors.As(err, &other):
		at, reason = other.GetToken(), other.GetMessage()
	}
	reason, _, _ = strings.Cut(reason, "\n")
	if at == nil {
		return fmt.Errorf("%s: %s", file, reason)
	}
	return fmt.Errorf("%s:%d:%d: %s", file, at.Position.Line, at.Position.Column, reason)
}
