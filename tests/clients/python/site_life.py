"""The life of a Site through python3-kubernetes, unchanged: the dynamic client and its watch.

Prints a line for each thing that is done. Between "watching" and "resumed" the test restarts the server: the watch goes
on where it was, as client libraries do it, without missing or repeating a change.
"""
import sys
import time

import urllib3
from kubernetes import config, dynamic
from kubernetes.client import api_client
from kubernetes.client.rest import ApiException

PATIENCE = 60
SITE = {
    "apiVersion": "reeve/v1",
    "kind": "Site",
    "metadata": {"name": "blog", "labels": {"app": "blog"}},
    "spec": {"type": "Static", "replicas": 1},
}


def say(text):
    print(text, flush=True)


def expect_code(code, call):
    try:
        call()
    except ApiException as error:
        assert error.status == code, error
        return
    raise AssertionError(f"no error, but {code} was expected")


def until(predicate):
    """Polls while the server is away."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if predicate():
                return
        except (urllib3.exceptions.HTTPError, ApiException, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come in time")


class Informer:
    """List, then watch, again and again from the last revision."""

    def __init__(self, resource):
        self.resource = resource
        listed = resource.get(namespace="default")
        self.revision = listed.metadata.resourceVersion
        self.seen = [(item.metadata.name, "LISTED") for item in listed.items]

    def run_until(self, name, kind):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self.watch(name, kind):
                    return
            except (urllib3.exceptions.HTTPError, OSError):
                time.sleep(0.05)  # The server is away.
        raise AssertionError(f"{kind} {name} did not come: {self.seen}")

    def watch(self, name, kind):
        for event in self.resource.watch(namespace="default", resource_version=self.revision, timeout=5):
            item = event["object"]
            self.revision = item.metadata.resourceVersion
            self.seen.append((item.metadata.name, event["type"]))
            if (item.metadata.name, event["type"]) == (name, kind):
                return True
        return False


def main():
    client = dynamic.DynamicClient(api_client.ApiClient(configuration=config.load_kube_config()))
    sites = client.resources.get(api_version="reeve/v1", kind="Site")
    assert sites.namespaced and "watch" in sites.verbs

    made = sites.create(body=SITE, namespace="default")
    assert made.metadata.uid and made.status.phase == "Created"
    expect_code(409, lambda: sites.create(body=SITE, namespace="default"))
    expect_code(404, lambda: sites.get(name="nope", namespace="default"))
    wrong = {**SITE, "metadata": {"name": "wrong"}, "spec": {"type": "Static", "replicas": 1000}}
    expect_code(422, lambda: sites.create(body=wrong, namespace="default"))
    say("created")

    assert sites.get(namespace="default", label_selector="app=blog").items[0].metadata.name == "blog"
    assert not sites.get(namespace="default", label_selector="app!=blog").items
    assert sites.get(namespace="default", field_selector="metadata.name=blog").items
    say("listed")

    change = {"metadata": {"name": "blog"}, "spec": {"replicas": 2}}
    patched = sites.patch(body=change, namespace="default", content_type="application/merge-patch+json")
    assert patched.spec.replicas == 2
    stale = made.to_dict()
    expect_code(409, lambda: sites.replace(body=stale, namespace="default"))
    fresh = sites.get(name="blog", namespace="default").to_dict()
    fresh["spec"]["replicas"] = 3
    assert sites.replace(body=fresh, namespace="default").spec.replicas == 3
    added = {"metadata": {"name": "blog"}, "spec": {"domains": ["blog.example.test"]}}
    strategic = "application/strategic-merge-patch+json"
    assert list(sites.patch(body=added, namespace="default", content_type=strategic).spec.domains)
    scale = sites.subresources["scale"]
    assert scale.patch(body={"metadata": {"name": "blog"}, "spec": {"replicas": 4}}, namespace="default",
                       content_type="application/merge-patch+json").spec.replicas == 4
    say("changed")

    informer = Informer(sites)
    assert informer.seen == [("blog", "LISTED")]
    sites.create(body=dict(SITE, metadata={"name": "one"}), namespace="default")
    informer.run_until("one", "ADDED")
    say("watching")
    assert sys.stdin.readline().strip() == "restarted"
    until(lambda: sites.create(body=dict(SITE, metadata={"name": "two"}), namespace="default"))
    informer.run_until("two", "ADDED")
    sites.delete(name="one", namespace="default")
    informer.run_until("one", "DELETED")
    assert informer.seen[1:] == [("one", "ADDED"), ("two", "ADDED"), ("one", "DELETED")], informer.seen
    say("resumed")

    sites.delete(name="two", namespace="default")
    sites.delete(name="blog", namespace="default")
    until(lambda: not sites.get(namespace="default").items)
    say("deleted")


main()
