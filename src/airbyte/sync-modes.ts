/** Airbyte public API, ConnectionSyncModeEnum: what it is of the source's and destination's modes. */
export const SYNC_MODES: Record<string, readonly [source: string, destination: string]> = {
  full_refresh_overwrite: ['full_refresh', 'overwrite'],
  full_refresh_overwrite_deduped: ['full_refresh', 'overwrite_dedup'],
  full_refresh_append: ['full_refresh', 'append'],
  full_refresh_update: ['full_refresh', 'update'],
  full_refresh_soft_delete: ['full_refresh', 'soft_delete'],
  incremental_append: ['incremental', 'append'],
  incremental_deduped_history: ['incremental', 'append_dedup'],
  incremental_update: ['incremental', 'update'],
  incremental_soft_delete: ['incremental', 'soft_delete'],
};

/** Of a stream that names none. */
export const DEFAULT_MODE = 'full_refresh_overwrite';

/** A plain full refresh takes no cursor or key, and reads back the source's own. */
export const isKeyless = (syncMode: string | undefined) =>
  syncMode === DEFAULT_MODE || syncMode === 'full_refresh_append';
