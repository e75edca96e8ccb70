"""Every operation of a library, once: how it is reached over HTTP, the right it needs, and the function that does it.

`Library`, `Session` and `Client` have a method for each row, the server a route, and `docs/http.md` a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .plugins.operation import Later, op

if TYPE_CHECKING:
    from .access import operations as _access
    from .backups import operations as _backups
    from .captions import operations as _captions
    from .collections import operations as _collections
    from .engines import operations as _engines
    from .engines import training_operations as _training
    from .engines import trying_operations as _trying
    from .exports import operations as _exports
    from .folders import import_operations as _import_folders
    from .folders import operations as _folders
    from .folders import store_operations as _stores
    from .history import operations as _history
    from .imports import operations as _imports
    from .jobs import operations as _jobs
    from .people import operations as _people
    from .people import review_operations as _review
    from .pictures import operations as _pictures
    from .privacy import operations as _privacy
    from .search import operations as _search
    from .sharing import guest_operations as _guests
    from .sharing import link_operations as _links
    from .sharing import operations as _sharing
    from .sidecars import operations as _sidecars
    from .snapshots import operations as _snapshots
    from .status import operations as _status
    from .tags import operations as _tags
    from .texts import operations as _texts
    from .updates import operations as _updates
else:  # Modules are imported when one of their functions is used, so that clients of a server load no database code.
    _access = Later("pixlstash_core.access.operations")
    _backups = Later("pixlstash_core.backups.operations")
    _captions = Later("pixlstash_core.captions.operations")
    _collections = Later("pixlstash_core.collections.operations")
    _engines = Later("pixlstash_core.engines.operations")
    _training = Later("pixlstash_core.engines.training_operations")
    _trying = Later("pixlstash_core.engines.trying_operations")
    _exports = Later("pixlstash_core.exports.operations")
    _folders = Later("pixlstash_core.folders.operations")
    _stores = Later("pixlstash_core.folders.store_operations")
    _import_folders = Later("pixlstash_core.folders.import_operations")
    _history = Later("pixlstash_core.history.operations")
    _imports = Later("pixlstash_core.imports.operations")
    _jobs = Later("pixlstash_core.jobs.operations")
    _people = Later("pixlstash_core.people.operations")
    _review = Later("pixlstash_core.people.review_operations")
    _pictures = Later("pixlstash_core.pictures.operations")
    _privacy = Later("pixlstash_core.privacy.operations")
    _search = Later("pixlstash_core.search.operations")
    _guests = Later("pixlstash_core.sharing.guest_operations")
    _links = Later("pixlstash_core.sharing.link_operations")
    _sharing = Later("pixlstash_core.sharing.operations")
    _sidecars = Later("pixlstash_core.sidecars.operations")
    _snapshots = Later("pixlstash_core.snapshots.operations")
    _status = Later("pixlstash_core.status.operations")
    _tags = Later("pixlstash_core.tags.operations")
    _texts = Later("pixlstash_core.texts.operations")
    _updates = Later("pixlstash_core.updates.operations")


class Api:
    """The table of operations, in the order of `docs/http.md`."""

    reset_owner = op("POST", "/owner/reset", "owner", _access.reset_owner, changes=False)
    info = op("GET", "/library", "read", _status.info, past=True)
    view = op("GET", "/views", "read", _pictures.view, past=True, answer="view")
    veil = op("GET", "/veil", "owner", _pictures.veil, past=True)
    set_veil = op("PUT", "/veil", "owner", _pictures.set_veil)
    suggest = op("GET", "/views/suggest", "read", _pictures.suggest, past=True)
    block = op("GET", "/views/{view}/blocks/{b}", "read", _pictures.block, past=True, answer="bytes")
    details = op("GET", "/views/{view}/details/{b}", "read", _pictures.details, past=True)
    pictures = op("GET", "/pictures", "read", _pictures.list_pictures, past=True)
    find = op("GET", "/pictures/find", "read", _pictures.find, past=True)
    count = op("GET", "/pictures/count", "read", _pictures.count, past=True)
    statistics = op("GET", "/pictures/statistics", "read", _pictures.read_statistics, past=True)
    alike = op("GET", "/pictures/alike", "read", _search.alike)
    liked = op("GET", "/pictures/{id}/liked", "read", _search.liked)
    why = op("GET", "/pictures/{id}/why", "read", _search.why)
    picture_text = op("GET", "/pictures/{id}/text", "read", _texts.picture_text, past=True)
    picture_faces = op("GET", "/pictures/{id}/faces", "read", _people.picture_faces, past=True)
    character_faces = op("GET", "/characters/{id}/faces", "read", _people.character_faces, past=True)
    suggest_character = op("GET", "/characters/{id}/suggestions", "write", _people.suggest_character)
    merge_characters = op("POST", "/characters/merge", "write", _people.merge_characters)
    face_clusters = op("GET", "/faces/clusters", "write", _people.face_clusters)
    assign_faces = op("POST", "/faces/assign", "write", _people.assign_faces)
    reject_faces = op("POST", "/faces/reject", "write", _people.reject_faces)
    forget_faces = op("POST", "/faces/forget", "write", _people.forget_faces)
    refer_faces = op("POST", "/faces/refer", "write", _people.refer_faces)
    draw_face = op("POST", "/faces/draw", "write", _people.draw_face)
    review_tags = op("GET", "/review/tags", "write", _review.review_tags)
    review_tag = op("GET", "/review/tag", "write", _review.review_tag)
    decide_tag = op("POST", "/review/tag", "write", _review.decide_tag)
    review_characters = op("GET", "/review/characters", "write", _review.review_characters)
    review_faces = op("GET", "/review/faces", "write", _review.review_faces)
    decide_faces = op("POST", "/review/faces", "write", _review.decide_faces)
    picture = op("GET", "/pictures/{id}", "read", _pictures.picture, past=True)
    thumbnail = op("GET", "/pictures/{id}/thumbnail", "read", _pictures.thumbnail, past=True, answer="bytes")
    original = op("GET", "/pictures/{id}/original", "read", _pictures.original, past=True)
    payload = op("GET", "/pictures/{id}/payloads/{name:path}", "read", _pictures.payload, past=True, answer="text")
    score = op("POST", "/pictures/score", "write", _pictures.score, scoped=True)
    delete = op("POST", "/pictures/delete", "write", _pictures.delete, scoped=True)
    restore = op("POST", "/pictures/restore", "write", _pictures.restore, scoped=True)
    sidebar = op("GET", "/sidebar", "read", _status.sidebar, past=True)
    icons = op("GET", "/icons", "read", _collections.icons, past=True)
    sets = op("GET", "/sets", "read", _collections.list_sets, past=True)
    create_set = op("POST", "/sets", "write", _collections.create_set)
    find_set = op("GET", "/sets/{id}", "read", _collections.find_set, past=True)
    edit_set = op("PATCH", "/sets/{id}", "write", _collections.edit_set)
    delete_set = op("DELETE", "/sets/{id}", "write", _collections.delete_set)
    set_members = op("GET", "/sets/{id}/members", "read", _collections.set_members, past=True)
    add_to_set = op("POST", "/sets/{id}/add", "write", _collections.add_to_set)
    take_from_set = op("POST", "/sets/{id}/take", "write", _collections.take_from_set)
    arrange_set = op("POST", "/sets/{id}/arrange", "write", _collections.arrange_set)
    characters = op("GET", "/characters", "read", _people.list_characters, past=True)
    create_character = op("POST", "/characters", "write", _people.create_character)
    find_character = op("GET", "/characters/{id}", "read", _people.find_character, past=True)
    edit_character = op("PATCH", "/characters/{id}", "write", _people.edit_character)
    delete_character = op("DELETE", "/characters/{id}", "write", _people.delete_character)
    character_members = op("GET", "/characters/{id}/members", "read", _people.character_members, past=True)
    add_to_character = op("POST", "/characters/{id}/add", "write", _people.add_to_character)
    take_from_character = op("POST", "/characters/{id}/take", "write", _people.take_from_character)
    projects = op("GET", "/projects", "read", _collections.list_projects, past=True)
    create_project = op("POST", "/projects", "write", _collections.create_project)
    find_project = op("GET", "/projects/{id}", "read", _collections.find_project, past=True)
    edit_project = op("PATCH", "/projects/{id}", "write", _collections.edit_project)
    delete_project = op("DELETE", "/projects/{id}", "write", _collections.delete_project)
    project_members = op("GET", "/projects/{id}/members", "read", _collections.project_members, past=True)
    add_to_project = op("POST", "/projects/{id}/add", "write", _collections.add_to_project)
    drop_on_project = op("POST", "/projects/{id}/drop", "write", _collections.drop_on_project)
    take_from_project = op("POST", "/projects/{id}/take", "write", _collections.take_from_project)
    add_link = op("POST", "/projects/{id}/links", "write", _collections.add_link)
    remove_link = op("DELETE", "/projects/{id}/links/{link}", "write", _collections.remove_link)
    queries = op("GET", "/queries", "read", _collections.list_queries, past=True)
    save_query = op("POST", "/queries", "write", _collections.save_query)
    edit_query = op("PATCH", "/queries/{id}", "write", _collections.edit_query)
    delete_query = op("DELETE", "/queries/{id}", "write", _collections.delete_query)
    picture_stack = op("GET", "/pictures/{id}/stack", "read", _collections.picture_stack, past=True)
    stack = op("POST", "/stacks", "write", _collections.stack)
    unstack = op("POST", "/stacks/dissolve", "write", _collections.unstack)
    take_from_stack = op("POST", "/stacks/take", "write", _collections.take_from_stack)
    preview_stacks = op("POST", "/stacks/preview", "write", _collections.preview_stacks, changes=False)
    stack_by_rule = op("POST", "/stacks/rule", "write", _collections.stack_by_rule)
    arrange_stack = op("POST", "/stacks/{id}/arrange", "write", _collections.arrange_stack)
    turn = op("POST", "/pictures/turn", "write", _pictures.turn)
    date = op("POST", "/pictures/date", "write", _pictures.date)
    duplicates = op("GET", "/duplicates", "read", _pictures.find_duplicates, scoped=False)
    preview_duplicates = op("POST", "/duplicates/preview", "write", _pictures.preview_duplicates, changes=False)
    resolve_duplicates = op("POST", "/duplicates/resolve", "write", _pictures.resolve_duplicates)
    not_duplicates = op("POST", "/duplicates/deny", "write", _pictures.not_duplicates)
    preview_empty = op("POST", "/scrapheap/preview", "owner", _pictures.preview_empty)
    empty_scrapheap = op("POST", "/scrapheap/empty", "owner", _pictures.empty_scrapheap)
    picture_tags = op("GET", "/pictures/{id}/tags", "read", _tags.picture_tags, past=True)
    add_tags = op("POST", "/pictures/tags/add", "write", _tags.add_tags, scoped=True)
    remove_tags = op("POST", "/pictures/tags/remove", "write", _tags.remove_tags, scoped=True)
    accept_tags = op("POST", "/pictures/tags/accept", "write", _tags.accept_tags, scoped=True)
    reject_tags = op("POST", "/pictures/tags/reject", "write", _tags.reject_tags, scoped=True)
    tags = op("GET", "/tags", "read", _tags.list_tags, past=True)
    complete_tags = op("GET", "/tags/complete", "read", _tags.complete_tags, past=True)
    tag_confidences = op("GET", "/tags/confidences", "read", _tags.tag_confidences, past=True)
    tag = op("GET", "/tags/named", "read", _tags.tag, past=True)
    rename_tag = op("POST", "/tags/rename", "write", _tags.rename_tag)
    merge_tags = op("POST", "/tags/merge", "write", _tags.merge_tags)
    categorise_tags = op("POST", "/tags/category", "write", _tags.categorise_tags)
    alias_tags = op("POST", "/tags/alias", "write", _tags.alias_tags)
    imply_tags = op("POST", "/tags/imply", "write", _tags.imply_tags)
    never_tags = op("POST", "/tags/never", "write", _tags.never_tags)
    import_tags = op("POST", "/tags/import", "write", _tags.import_tags)
    tagging = op("GET", "/tags/combine", "owner", _tags.tagging)
    set_tagging = op("PUT", "/tags/combine", "write", _tags.set_tagging)
    caption = op("GET", "/pictures/{id}/caption", "read", _captions.caption, past=True)
    set_caption = op("POST", "/pictures/caption", "write", _captions.set_caption, scoped=True)
    preview_captions = op("POST", "/pictures/captions/preview", "read", _captions.preview_captions)
    edit_captions = op("POST", "/pictures/captions/edit", "write", _captions.edit_captions, scoped=True)
    lint_captions = op("POST", "/pictures/captions/lint", "read", _captions.lint_captions)
    engines = op("GET", "/engines", "owner", _engines.list_engines)
    engine = op("GET", "/engines/named", "owner", _engines.engine)
    uninstalled_engines = op("GET", "/engines/uninstalled", "owner", _engines.uninstalled_engines)
    rehearse_engine = op("POST", "/engines/rehearse", "owner", _engines.rehearse_engine)
    rehearsal = op("GET", "/engines/rehearsals/{id}", "owner", _engines.rehearsal)
    run_engine = op("POST", "/engines/run", "write", _engines.run_engine)
    train_engine = op("POST", "/engines/train", "write", _training.train_engine)
    trained_engine = op("GET", "/engines/trained", "owner", _training.trained_engine)
    set_engine = op("POST", "/engines/settings", "owner", _engines.set_engine)
    allow_host = op("POST", "/engines/allow", "owner", _engines.allow_host)
    fetch_weights = op("POST", "/engines/fetch", "owner", _engines.fetch_weights)
    similar = op("POST", "/pictures/similar", "read", _search.similar)
    job_errors = op("GET", "/jobs/{id}/errors", "owner", _engines.job_errors)
    retry_job = op("POST", "/jobs/{id}/retry", "write", _engines.retry_job)
    revert_job = op("POST", "/jobs/{id}/revert", "write", _engines.revert_job)
    links = op("GET", "/links", "owner", _links.links)
    create_link = op("POST", "/links", "owner", _links.create_link, status=201, long=True)
    replace_link = op("POST", "/links/{id}/replace", "owner", _links.replace_link)
    link_gained = op("GET", "/links/{id}/gained", "owner", _links.link_gained)
    visit_link = op("POST", "/links/{id}/visit", "owner", _links.visit_link, long=True)
    revoke_link = op("DELETE", "/links/{id}", "owner", _links.revoke_link)
    link_scores = op("GET", "/links/{id}/scores", "owner", _guests.link_scores)
    accept_scores = op("POST", "/links/{id}/scores/accept", "owner", _guests.accept_scores)
    guest_scores = op("GET", "/pictures/{id}/guest-scores", "owner", _guests.guest_scores)
    preview_steps = op("POST", "/publications/preview", "owner", _sharing.preview_steps, changes=False, answer="bytes")
    publish = op("POST", "/publications", "owner", _sharing.publish)
    publications = op("GET", "/publications", "owner", _sharing.publications_)
    unpublish = op("DELETE", "/publications/{id}", "owner", _sharing.unpublish)
    undo = op("POST", "/undo", "write", _history.undo)
    redo = op("POST", "/redo", "write", _history.redo)
    history = op("GET", "/history", "write", _history.list_history)
    uploads = op("GET", "/uploads", "write", _imports.uploads)
    begin_upload = op("POST", "/uploads/partial", "write", _imports.begin_upload)
    find_upload = op("GET", "/uploads/{id}", "write", _imports.find_upload)
    cancel_upload = op("DELETE", "/uploads/{id}", "write", _imports.cancel_upload)
    uploaded_files = op("GET", "/uploads/{id}/files", "write", _imports.uploaded_files)
    import_paths = op("POST", "/imports", "owner", _imports.import_paths)
    folders = op("GET", "/folders", "owner", _folders.list_folders)
    add_folder = op("POST", "/folders", "owner", _folders.add_folder, status=201)
    edit_folder = op("PATCH", "/folders/{id}", "owner", _folders.edit_folder)
    preview_remove_folder = op("GET", "/folders/{id}/removal", "owner", _folders.preview_remove_folder)
    remove_folder = op("DELETE", "/folders/{id}", "owner", _folders.remove_folder)
    relocate_folder = op("POST", "/folders/{id}/relocate", "owner", _folders.relocate_folder, long=True)
    set_sidecars = op("PUT", "/folders/{id}/sidecars", "owner", _sidecars.set_sidecars)
    sidecar_problems = op("GET", "/folders/{id}/sidecars/problems", "owner", _sidecars.sidecar_problems)
    conflicts = op("GET", "/conflicts", "owner", _sidecars.list_conflicts)
    resolve_conflicts = op("POST", "/conflicts/resolve", "owner", _sidecars.resolve_conflicts)
    scan_folder = op("POST", "/folders/{id}/scan", "owner", _folders.scan_folder)
    folder_tree = op("GET", "/folders/{id}/tree", "owner", _folders.folder_tree)
    import_folders = op("GET", "/import-folders", "owner", _import_folders.list_import_folders)
    add_import_folder = op("POST", "/import-folders", "owner", _import_folders.add_import_folder, status=201)
    edit_import_folder = op("PATCH", "/import-folders/{id}", "owner", _import_folders.edit_import_folder)
    remove_import_folder = op("DELETE", "/import-folders/{id}", "owner", _import_folders.remove_import_folder)
    scan_import_folder = op("POST", "/import-folders/{id}/scan", "owner", _import_folders.scan_import_folder)
    source_kinds = op("GET", "/stores/kinds", "owner", _stores.source_kinds)
    store_list = op("GET", "/stores", "owner", _stores.list_stores)
    create_store = op("POST", "/stores", "owner", _stores.create_store, status=201)
    preview_remove_store = op("GET", "/stores/{id}/removal", "owner", _stores.preview_remove_store)
    remove_store = op("DELETE", "/stores/{id}", "owner", _stores.remove_store)
    scan_store = op("POST", "/stores/{id}/scan", "owner", _stores.scan_store)
    import_from = op("POST", "/imports/from", "owner", _stores.import_from)
    server_folders = op("GET", "/server/folders", "owner", _folders.server_folders)
    caption_files = op("GET", "/server/folders/captions", "owner", _folders.caption_files)
    measure_folder = op("GET", "/server/folders/size", "owner", _folders.measure_folder)
    jobs = op("GET", "/jobs", "owner", _jobs.jobs)
    job = op("GET", "/jobs/{id}", "owner", _jobs.job)
    cancel_job = op("POST", "/jobs/{id}/cancel", "owner", _jobs.cancel_job, changes=False)
    hold_job = op("POST", "/jobs/{id}/hold", "owner", _jobs.hold_job, changes=False)
    pause_job = op("POST", "/jobs/{id}/pause", "owner", _jobs.pause_job, changes=False)
    resume_job = op("POST", "/jobs/{id}/resume", "owner", _jobs.resume_job, changes=False)
    snapshots = op("GET", "/snapshots", "owner", _snapshots.snapshots)
    take_snapshot = op("POST", "/snapshots", "owner", _snapshots.take_snapshot, long=True, status=201)
    snapshot_status = op("GET", "/snapshots/status", "owner", _snapshots.snapshot_status)
    set_snapshots = op("PUT", "/snapshots/status", "owner", _snapshots.set_snapshots)
    verify_snapshots = op("POST", "/snapshots/verify", "owner", _snapshots.verify_snapshots, long=True)
    snapshot = op("GET", "/snapshots/{id}", "owner", _snapshots.snapshot)
    edit_snapshot = op("PATCH", "/snapshots/{id}", "owner", _snapshots.edit_snapshot)
    delete_snapshot = op("DELETE", "/snapshots/{id}", "owner", _snapshots.delete_snapshot, long=True)
    verify_snapshot = op("POST", "/snapshots/{id}/verify", "owner", _snapshots.verify_snapshot, long=True)
    diff_snapshot = op("GET", "/snapshots/{id}/diff", "owner", _snapshots.diff_snapshot, long=True)
    preview_restore = op("GET", "/snapshots/{id}/restore/preview", "owner", _snapshots.preview_restore, long=True)
    restore_snapshot = op(
        "POST", "/snapshots/{id}/restore", "owner", _snapshots.restore_snapshot, long=True, changes=False
    )
    preview_resources = op(
        "POST", "/snapshots/{id}/restore/preview/batch", "owner", _snapshots.preview_resources, long=True, changes=False
    )
    restore_resources = op("POST", "/snapshots/{id}/restore/batch", "owner", _snapshots.restore_resources, long=True)
    backup = op("POST", "/backups", "owner", _backups.backup, long=True)
    prepare_download = op("POST", "/downloads", "read", _exports.prepare_download, status=201)
    download = op("GET", "/downloads/{id}", "read", _exports.download, answer="bytes")
    preview_export = op("POST", "/exports/preview", "read", _exports.preview_export)
    export = op("POST", "/exports", "owner", _exports.export, long=True)
    picture_history = op("GET", "/pictures/{id}/history", "owner", _snapshots.picture_history, long=True)
    tokens = op("GET", "/tokens", "owner", _access.tokens)
    create_token = op("POST", "/tokens", "owner", _access.create_token, changes=False)
    revoke_token = op("DELETE", "/tokens/{id}", "owner", _access.revoke_token, changes=False)
    sessions = op("GET", "/sessions", "owner", _access.sessions)
    end_session = op("DELETE", "/sessions/{id}", "owner", _access.end_session, changes=False)
    end_sessions = op("POST", "/sessions/end", "owner", _access.end_sessions, changes=False)
    plugin_list = op("GET", "/plugins", "owner", _status.plugin_list)
    check = op("GET", "/check", "owner", _status.check, long=True)
    updates = op("GET", "/updates", "owner", _updates.updates)
    set_updates = op("PUT", "/updates", "owner", _updates.set_updates)
    dismiss_update = op("POST", "/updates/dismiss", "owner", _updates.dismiss_update)
    privacy = op("GET", "/privacy", "owner", _privacy.privacy)

    # -- used in this process only, by the server and the command line -------------------------------------------------

    add_store = op.local("owner", _imports.add_store)
    export_snapshot = op.local("owner", _snapshots.export_snapshot, changes=False)
    gauge = op.local("read", _search.gauge)
    hold = op.local("read", _search.hold)
    open_snapshot = op.local("owner", _snapshots.open_snapshot, changes=False)
    purge = op.local("owner", _pictures.purge)
    scan = op.local("owner", _imports.scan)
    text_lengths = op.local("read", _texts.text_lengths)
    try_engine = op.local("write", _trying.try_engine, changes=False)
    upload = op.local("write", _imports.upload)
    upload_batch = op.local("write", _imports.upload_batch)
    upload_files = op.local("write", _imports.upload_files)
    upload_piece = op.local("write", _imports.upload_piece)


def every() -> dict[str, op[Any, Any]]:
    """Return all rows by name."""
    return {row.name: row for row in vars(Api).values() if isinstance(row, op)}


def rows() -> list[op[Any, Any]]:
    """Return the rows with an HTTP route, in order."""
    return [row for row in every().values() if row.path]
