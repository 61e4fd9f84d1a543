"""A real Kubernetes cluster on one Linux machine, for the tests: built from registries, up in seconds.

`build` makes the programs and images, `node` runs clusters in private namespaces, `layers` are
add-ons, `scenarios` are whole clusters by name, `fixtures` hands them to pytest.  Nothing here is
part of the plugin.
"""
