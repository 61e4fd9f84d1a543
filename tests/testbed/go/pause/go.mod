module example.org/testbed/pause

go 1.26.0
