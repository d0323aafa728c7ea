"""A MAVLink vehicle for tests: pymavlink on a loopback UDP port, as PX4 would call a ground station.

    python mavlink_vehicle.py PORT [--lose N] [--deny COMMAND] [--real]

Calls udp://127.0.0.1:PORT as system 1: heartbeats, a position that follows the orders, acknowledgements. `--lose N` swallows
the first N acknowledgements, `--deny COMMAND` refuses that command's number, `--real` leaves the simulation flag out of the
heartbeat. Prints one JSON line per command received. Ends when stdin ends.
"""

import argparse
import json
import math
import os
import sys
import threading
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402
from pymavlink.dialects.v20 import common as mav  # noqa: E402

HOME = (24.4500, 118.0700)
HOME_AMSL = 12.0
STEP_M = 40.0
CLIMB_M = 20.0


def metres(a, b):
    return math.hypot((b[0] - a[0]) * 111_320, (b[1] - a[1]) * 111_320 * math.cos(math.radians(a[0])))


class Vehicle:
    def __init__(self, args):
        self.link = mavutil.mavlink_connection(
            f"udpout:127.0.0.1:{args.port}", source_system=1, source_component=1, dialect="common"
        )
        self.lose, self.deny, self.real = args.lose, args.deny, args.real
        self.at, self.height, self.armed, self.sub = HOME, 0.0, False, 3
        self.target, self.target_height = HOME, 0.0

    def tell(self):
        send = self.link.mav
        base = mav.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
        base |= 0 if self.real else mav.MAV_MODE_FLAG_HIL_ENABLED
        base |= mav.MAV_MODE_FLAG_SAFETY_ARMED if self.armed else 0
        send.heartbeat_send(mav.MAV_TYPE_QUADROTOR, mav.MAV_AUTOPILOT_PX4, base, (4 << 16) | (self.sub << 24), 4)
        send.sys_status_send(0, 0, 0, 0, 15000, -1, 77, 0, 0, 0, 0, 0, 0)
        landed = mav.MAV_LANDED_STATE_ON_GROUND if self.height < 0.5 else mav.MAV_LANDED_STATE_IN_AIR
        send.extended_sys_state_send(0, landed)
        lat, lon = int(self.at[0] * 1e7), int(self.at[1] * 1e7)
        send.global_position_int_send(
            int(time.monotonic() * 1000) & 0xFFFFFFFF, lat, lon,
            int((self.height + HOME_AMSL) * 1000), int(self.height * 1000), 0, 0, 0, 9000,
        )

    def move(self):
        up = self.target_height - self.height
        self.height += max(-CLIMB_M, min(CLIMB_M, up))
        far = metres(self.at, self.target)
        part = 1.0 if far <= STEP_M else STEP_M / far
        self.at = tuple(a + (b - a) * part for a, b in zip(self.at, self.target))
        if self.sub in (5, 6) and self.height < 0.5:
            self.armed, self.sub = False, 3

    def obey(self, message):
        kind, command = message.get_type(), message.command
        if command == mav.MAV_CMD_REQUEST_MESSAGE:
            return
        print(json.dumps({
            "kind": kind, "command": command, "confirmation": getattr(message, "confirmation", None),
            "z": message.z if kind == "COMMAND_INT" else message.param7,
        }), flush=True)
        if self.lose > 0:
            self.lose -= 1
            return
        result = mav.MAV_RESULT_ACCEPTED
        if command == self.deny:
            result = mav.MAV_RESULT_DENIED
        elif command == mav.MAV_CMD_COMPONENT_ARM_DISARM:
            self.armed = message.param1 > 0.5
        elif command == mav.MAV_CMD_NAV_TAKEOFF:
            self.link.mav.command_ack_send(command, mav.MAV_RESULT_IN_PROGRESS)
            self.target_height, self.sub = message.param7 - HOME_AMSL, 2
        elif command == mav.MAV_CMD_DO_REPOSITION:
            self.target, self.target_height = (message.x / 1e7, message.y / 1e7), message.z - HOME_AMSL
            self.sub = 3
        elif command == mav.MAV_CMD_NAV_RETURN_TO_LAUNCH:
            self.target, self.target_height, self.sub = HOME, 0.0, 5
        elif command == mav.MAV_CMD_NAV_LAND:
            self.target, self.target_height, self.sub = self.at, 0.0, 6
        elif command != mav.MAV_CMD_DO_PAUSE_CONTINUE:
            result = mav.MAV_RESULT_UNSUPPORTED
        self.link.mav.command_ack_send(command, result)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--lose", type=int, default=0)
    parser.add_argument("--deny", type=int, default=-1)
    parser.add_argument("--real", action="store_true")
    vehicle = Vehicle(parser.parse_args())
    # The test ends this by closing its end, also when the test itself is killed.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    told = 0.0
    while True:
        if time.monotonic() - told > 0.2:
            told = time.monotonic()
            vehicle.move()
            vehicle.tell()
        message = vehicle.link.recv_match(type=["COMMAND_LONG", "COMMAND_INT"], blocking=True, timeout=0.05)
        if message is not None and message.target_system == 1:
            vehicle.obey(message)


main()
