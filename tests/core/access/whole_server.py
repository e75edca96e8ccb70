"""Operations on the server and its folders, which readers of a part of the library must not use."""

from __future__ import annotations

from typing import Any

from pixlstash_core.types import (
    AddFolder,
    AddImportFolder,
    AddStore,
    DismissUpdate,
    EditFolder,
    EditImportFolder,
    RelocateFolder,
    ResolveConflicts,
    SetUpdates,
    SidecarPolicy,
)

#: Arguments by name of the operation.
SERVER: dict[str, tuple[Any, ...]] = {
    "folders": (),
    "add_folder": (AddFolder(path="/nowhere"),),
    "edit_folder": (1, EditFolder(name="x")),
    "preview_remove_folder": (1,),
    "remove_folder": (1,),
    "relocate_folder": (1, RelocateFolder(path="/nowhere")),
    "scan_folder": (1,),
    "folder_tree": (1,),
    "set_sidecars": (1, SidecarPolicy("read", ["txt"])),
    "sidecar_problems": (1,),
    "conflicts": (),
    "resolve_conflicts": (ResolveConflicts(keep="mine", ids=[1]),),
    "server_folders": (),
    "measure_folder": ("/nowhere",),
    "caption_files": ("/nowhere",),
    "import_folders": (),
    "add_import_folder": (AddImportFolder(path="/nowhere"),),
    "edit_import_folder": (1, EditImportFolder(name="x")),
    "remove_import_folder": (1,),
    "scan_import_folder": (1,),
    "source_kinds": (),
    "store_list": (),
    "create_store": (AddStore("depot", "x"),),
    "preview_remove_store": (1,),
    "remove_store": (1,),
    "scan_store": (1,),
    "privacy": (),
    "updates": (),
    "set_updates": (SetUpdates(enabled=True),),
    "dismiss_update": (DismissUpdate("1"),),
}
