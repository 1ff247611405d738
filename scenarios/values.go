package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"holdfast/archive/notation"
	"holdfast/scenarios/network"

	"github.com/goccy/go-yaml/ast"
)

// scalar is the text of a scalar node.
func scalar(node ast.Node) (string, error) {
	if block, ok := node.(*ast.LiteralNode); ok { // whose token is its | or >
		return block.Value.Value, nil
	}
	if _, ok := node.(ast.ScalarNode); !ok {
		return "", badValue(node, errors.New("want a single value here"))
	}
	return node.GetToken().Value, nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := notation.Duration(text, "250ms or 10s")
	if err != nil {
		return badValue(node, fmt.Errorf("want %w", err))
	}
	*d = Duration(parsed)
	return nil
}

// MarshalYAML writes the duration as it is read.
func (d Duration) MarshalYAML() (any, error) { return time.Duration(d).String(), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (p *Policy) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := ParsePolicy(text)
	if err != nil {
		return badValue(node, err)
	}
	*p = parsed
	return nil
}

// MarshalYAML writes the policy as it is read.
func (p Policy) MarshalYAML() (any, error) { return p.String(), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (t *Threshold) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := ParseThreshold(text)
	if err != nil {
		return badValue(node, err)
	}
	*t = parsed
	return nil
}

// MarshalYAML writes the threshold as it is read.
func (t Threshold) MarshalYAML() (any, error) { return t.String(), nil }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (p *Popularity) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	if text == "uniform" {
		p.Skew = 0
		return nil
	}
	if term := notation.Split(text); term.Kind == "zipf" && term.Closed {
		skew, err := strconv.ParseFloat(term.Args, 64)
		if err == nil && skew > 1 && !math.IsInf(skew, 0) {
			p.Skew = skew
			return nil
		}
	}
	return badValue(node, fmt.Errorf("want uniform or zipf(S) with S above 1, not %q", text))
}

// MarshalYAML writes the popularity as it is read.
func (p Popularity) MarshalYAML() (any, error) {
	if p.Skew == 0 {
		return "uniform", nil
	}
	return fmt.Sprintf("zipf(%v)", p.Skew), nil
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (l *Latency) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := network.ParseLatency(text)
	if err != nil {
		return badValue(node, err)
	}
	*l = Latency(parsed)
	return nil
}

// MarshalYAML writes the latency as it is read, a measured profile with all that its file holds.
func (l Latency) MarshalYAML() (any, error) {
	text, err := network.Latency(l).MarshalText()
	return string(text), err
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (f *Fault) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := network.ParseFault(text)
	if err != nil {
		return badValue(node, err)
	}
	*f = Fault(parsed)
	return nil
}

// MarshalYAML writes the fault as it is read.
func (f Fault) MarshalYAML() (any, error) { return network.Fault(f).String(), nil }
