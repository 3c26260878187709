import os, time
from tests.faults.conftest import bench
from tests.faults.bench import *
from tests.faults.processes import *
import pytest
def ppid(p):
    return int(Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[1])
@pytest.mark.parametrize("story", Story)
def test_it(bench, story):
    ops=[c.operation for c in bench.calls[story]]
    for i,op in enumerate(ops,1):
        if op in ("CreateSecret","PutSecretValue","UpdateSecretVersionStage"):
            bench.begin(story); v=Victim()
            def hook():
                ps=providers(v.pid); kill(v.pid)
                wait_until(lambda: all(not alive(p) or ppid(p)!=v.pid for p in ps),"x")
                v.struck.set()
            bench.world.aws.faults.before(nth=i-1, do=hook)
            v.start(bench.world); r=v.end()
            wait_until(lambda: not session(v.pid), "left")
            after=[c.operation for c in list(bench.world.aws.calls)[i-1:]]
            print(story, "engine dead at look before", i, op, r.status, "then:", after)
