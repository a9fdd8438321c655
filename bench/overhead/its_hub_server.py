"""Serves its_hub's service on a port: `python its_hub_server.py PORT CALLS_AT_ONCE`, -1 for no cap.

Runs in the environment of its_hub, and uses nothing of ours.
"""

import sys

import uvicorn
from its_hub.core.gateway import ITSGateway
from its_hub.core.orchestrator import LMOrchestrator
from its_hub.integration.iaas import app as service

port, at_once = int(sys.argv[1]), int(sys.argv[2])
service._state.gateway = ITSGateway(orchestrator=LMOrchestrator(max_concurrency=at_once))
uvicorn.run(service.app, host="127.0.0.1", port=port, log_level="warning")
