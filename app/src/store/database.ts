/** What must survive a reload, in IndexedDB: transactions on their way, and files not yet handed over. */

const NAME = 'proofmill';
const VERSION = 1;
export type StoreName = 'outbox' | 'deliveries';

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('outbox', { keyPath: 'signature' });
      request.result.createObjectStore('deliveries', { keyPath: 'job' });
    };
    request.onsuccess = () => {
      const database = request.result;
      // Another tab brings a newer version: let it.
      database.onversionchange = () => {
        database.close();
        opened = null;
      };
      resolve(database);
    };
    request.onerror = () => {
      opened = null;
      reject(request.error ?? new Error('The browser refuses storage'));
    };
  });
  return opened;
}

async function within<T>(
  store: StoreName,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: 'strict' });
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? new Error('The browser could not store it'));
    transaction.onabort = () => reject(transaction.error ?? new Error('The browser could not store it'));
  });
}

/** Resolves once the record is on disk. */
export async function put(store: StoreName, record: object): Promise<void> {
  await within(store, 'readwrite', (objects) => objects.put(record));
  announce(store);
}

export async function remove(store: StoreName, key: string): Promise<void> {
  await within(store, 'readwrite', (objects) => objects.delete(key));
  announce(store);
}

export async function all<T>(store: StoreName): Promise<readonly T[]> {
  return (await within(store, 'readonly', (objects) => objects.getAll() as IDBRequest<unknown[]>)) as T[];
}

export async function one<T>(store: StoreName, key: string): Promise<T | null> {
  const found = await within(store, 'readonly', (objects) => objects.get(key) as IDBRequest<unknown>);
  return (found ?? null) as T | null;
}

// Other tabs, and other parts of this one, learn of every change.
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('proofmill.store');
const listeners = new Set<(store: StoreName) => void>();
if (channel !== null)
  channel.onmessage = (event: MessageEvent<StoreName>) => listeners.forEach((each) => each(event.data));

function announce(store: StoreName): void {
  channel?.postMessage(store);
  listeners.forEach((each) => each(store));
}

export function onStoreChange(listener: (store: StoreName) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Runs `act` in one tab only: false where another tab is at it. */
export async function alone(name: string, act: () => Promise<void>): Promise<boolean> {
  if (!('locks' in navigator)) {
    await act();
    return true;
  }
  return navigator.locks.request(`proofmill.${name}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await act();
    return true;
  });
}
