# SPDX-License-Identifier: Apache-2.0
"""A CloudFormation template, and what becomes of it with given parameters: conditions, Fn::If, AWS::NoValue, Ref, Fn::Sub.

What only a deployment knows is a text in angle brackets: <Stream.Arn>.
"""

import re

import yaml

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "dynatlas",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = object()


class RefusedParameters(Exception):
    """A rule of the template, or a parameter's pattern, refuses the parameters."""


class _Loader(yaml.SafeLoader):
    """Knows the short forms of functions: !Ref X is {"Ref": X}."""


def _function(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def read(path):
    return yaml.load(path.read_text(), _Loader)


class Deployed:
    """`resources` and `outputs` as a deployment with these parameters would have them."""

    def __init__(self, template, **given):
        self._template = template
        self._parameters = {name: _value(name, each, given) for name, each in template["Parameters"].items()}
        unknown = set(given) - set(template["Parameters"])
        assert not unknown, unknown
        self._check_rules()
        self._there = {name: each for name, each in template["Resources"].items() if self._holds_for(each)}
        self.resources = {name: self._resolved(each["Properties"]) for name, each in self._there.items()}
        outputs = {name: each for name, each in template["Outputs"].items() if self._holds_for(each)}
        self.outputs = {name: self._resolved(each["Value"]) for name, each in outputs.items()}

    def holds(self, condition):
        return self._is({"Condition": condition})

    def of_type(self, kind):
        return {name: self.resources[name] for name, each in self._there.items() if each["Type"] == kind}

    def _check_rules(self):
        for rule in self._template.get("Rules", {}).values():
            if self._is(rule.get("RuleCondition", {"Fn::Equals": ["", ""]})):
                for each in rule["Assertions"]:
                    if not self._is(each["Assert"]):
                        raise RefusedParameters(each["AssertDescription"])

    def _holds_for(self, each):
        return "Condition" not in each or self.holds(each["Condition"])

    def _is(self, condition):
        [(name, value)] = condition.items()
        if name == "Condition":
            return self._is(self._template["Conditions"][value])
        if name == "Fn::Equals":
            left, right = map(self._resolved, value)
            return str(left) == str(right)
        return {"Fn::And": all, "Fn::Or": any, "Fn::Not": lambda some: not any(some)}[name](map(self._is, value))

    def _resolved(self, value):
        if isinstance(value, list):
            return [each for each in map(self._resolved, value) if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {name: self._resolved(each) for name, each in value.items()}
        return {name: each for name, each in resolved.items() if each is not NO_VALUE}

    def _call(self, name, argument):
        if name == "Ref":
            return self._ref(argument)
        if name == "Fn::GetAtt":
            return self._named(argument[0], "." + argument[1])
        if name == "Fn::If":
            return self._resolved(argument[1] if self.holds(argument[0]) else argument[2])
        if name == "Fn::Join":
            return argument[0].join(self._resolved(argument[1]))
        if name == "Fn::Split":
            return self._resolved(argument[1]).split(argument[0])
        assert name == "Fn::Sub", name
        text, others = (argument, {}) if isinstance(argument, str) else argument
        return re.sub(r"\$\{([^}]+)\}", lambda found: self._in_text(found[1], others), text)

    def _in_text(self, name, others):
        if name in others:
            return str(self._resolved(others[name]))
        resource, _, attribute = name.partition(".")
        return self._named(resource, "." + attribute) if attribute else str(self._ref(name))

    def _ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        return PSEUDO[name] if name in PSEUDO else self._named(name, "")

    def _named(self, resource, attribute):
        assert resource in self._there, f"{resource} is referred to, and not created"
        return f"<{resource}{attribute}>"


def _value(name, parameter, given):
    value = str(given.get(name, parameter.get("Default", NO_VALUE)))
    if name not in given and "Default" not in parameter:
        raise RefusedParameters(f"{name} is missing")
    if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        raise RefusedParameters(f"{name} does not match its pattern")
    if value not in map(str, parameter.get("AllowedValues", [value])):
        raise RefusedParameters(f"{name} is none of its values")
    if parameter["Type"] != "Number":
        return value
    if not parameter.get("MinValue", int(value)) <= int(value) <= parameter.get("MaxValue", int(value)):
        raise RefusedParameters(f"{name} is out of its range")
    return int(value)
