"""How instances look on the wire: the list's rows and the long form, current and historical."""

from typing import Any

from bot.sandbox.taurus.calls import Json
from bot.sandbox.taurus.cloud import Cloud
from bot.sandbox.taurus.instances import Condition, Instance

CREATED = "2024-08-20T02:33:49+0800"
UPDATED = "2026-01-10T02:33:49+0800"
FLAVOR = "gaussdb.mysql.xlarge.x86.8"

HISTORICAL_STATUS: dict[Condition, str] = {
    Condition.NORMAL: "ACTIVE",
    Condition.ABNORMAL: "FAILED",
    Condition.FROZEN: "FROZEN",
    Condition.BACKING_UP: "BACKING UP",
    Condition.MODIFYING: "MODIFYING INSTANCE TYPE",
    Condition.CREATING: "BUILD",
    Condition.STORAGE_FULL: "STORAGE FULL",
}


def status(cloud: Cloud, instance: Instance, *, unified: bool) -> str:
    """The status word of v3.1 (`unified`: four coarse words) or of the historical v3."""
    upgrading = cloud.world.is_upgrading(instance)
    if not unified:
        return "MODIFYING" if upgrading else HISTORICAL_STATUS[instance.condition]
    if instance.condition is Condition.CREATING:
        return "creating"
    if instance.condition in {Condition.ABNORMAL, Condition.FROZEN, Condition.STORAGE_FULL}:
        return "abnormal"
    return cloud.faults.text("status_while_upgrading") if upgrading else "normal"


def row(cloud: Cloud, instance: Instance, *, unified: bool) -> Json:
    """One instance in a list."""
    shown = _common(cloud, instance, unified=unified)
    return shown | {
        "private_ips": [instance.private_ip],
        "proxy_ips": [f"192.168.10.{70 + n}" for n in range(instance.proxies)],
        "readonly_private_ips": [],
        "public_ips": [],
        "region": cloud.region,
        "flavor_ref": FLAVOR,
        "flavor_info": {"vcpus": "4", "ram": "32"},
        "volume": {"type": "DL6", "size": "100"},
        "dedicated_resource_id": "",
    }


def detail(cloud: Cloud, instance: Instance, *, unified: bool) -> Json:
    """One instance in full: window, zones, proxies and nodes, but no `upgrade_flag`."""
    shown = _common(cloud, instance, unified=unified)
    if unified:
        shown["tde_info"] = {"enable_tde": False}
    return shown | {
        "project_id": cloud.project_id,
        "alias": "",
        "node_count": 1 + instance.readers,
        "backup_used_space": 0.24,
        "private_write_ips": [instance.private_ip],
        "private_dns_names": [],
        "public_ips": "",
        "configuration_id": f"{instance.id[:32]}pr07",
        "az_mode": "multi" if len(instance.az_codes) > 1 else "single",
        "master_az_code": cloud.region + instance.az_codes[0],
        "maintenance_window": instance.window,
        "dedicated_resource_id": "",
        "proxies": [_proxy(instance, n) for n in range(instance.proxies)],
        "nodes": [_node(cloud, instance, n) for n in range(1 + instance.readers)],
    }


def _common(cloud: Cloud, instance: Instance, *, unified: bool) -> Json:
    shown: dict[str, Any] = {
        "id": instance.id,
        "name": instance.name,
        "status": status(cloud, instance, unified=unified),
        "port": "3306",
        "type": "Cluster",
        "datastore": {
            "type": "gaussdb-mysql",
            "version": instance.mysql,
            "kernel_version": instance.kernel,
        },
        "created": CREATED,
        "updated": UPDATED,
        "db_user_name": "root",
        "vpc_id": "3cedfc54-b105-4652-a4e0-847b11576b58",
        "subnet_id": "c1cfa53c-65d3-431e-8552-326bf310c7ad",
        "security_group_id": "fc577a1a-f202-424a-977f-24faec3fdd55",
        "backup_strategy": {"start_time": "19:00-20:00", "keep_days": "7"},
        "enterprise_project_id": "0",
        "time_zone": "UTC+08:00",
        "charge_info": {"charge_mode": "postPaid"},
        "tags": [{"key": key, "value": value} for key, value in instance.tags.items()],
    }
    return shown | {"eos_tag": instance.end_of_service} if unified else shown


def _proxy(instance: Instance, number: int) -> Json:
    return {
        "pool_id": f"{number:04x}{instance.id[:28]}po01",
        "address": f"192.168.10.{70 + number}",
        "name": f"proxy-{number + 1}",
    }


def _node(cloud: Cloud, instance: Instance, number: int) -> Json:
    zone = instance.az_codes[number % len(instance.az_codes)]
    return {
        "id": f"{number:04x}{instance.id[:28]}no07",
        "name": f"{instance.name}_node{number}",
        "type": "slave" if number else "master",
        "status": HISTORICAL_STATUS[instance.condition],
        "port": 3306,
        "private_read_ips": [instance.private_ip],
        "volume": {"type": "DL6", "used": "0.07", "size": 0},
        "az_code": cloud.region + zone,
        "region_code": cloud.region,
        "created": CREATED,
        "updated": UPDATED,
        "flavor_id": "3169caaf-6c2f-41d5-aadd-c8fc3d83597e",
        "flavor_ref": FLAVOR,
        "max_connections": "10000",
        "vcpus": "4",
        "ram": "32",
        "need_restart": False,
        "priority": 1,
    }
