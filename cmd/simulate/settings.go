package main

import (
	"errors"
	"strings"

	"holdfast/scenarios"
)

// openScenario opens a scenario in whose file some values are replaced: KEY=VALUE.
func openScenario(name string, sets []string) (*scenarios.Scenario, error) {
	var settings []scenarios.Setting
	for _, text := range sets {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage("--set wants KEY=VALUE, such as objects.count=4, not %q", text)
		}
		settings = append(settings, scenarios.Setting{Key: key, Value: value})
	}
	s, err := scenarios.OpenWith(name, settings...)
	var bad *scenarios.SettingError
	switch {
	case errors.As(err, &bad):
		return nil, usage("--set %w", err)
	case err != nil:
		return nil, usage("%w", err)
	}
	return s, nil
}
