export { defineEvent, type EventDefinition, type EventOptions } from './event.ts'
export {
  createEventInspection,
  type InspectedEvent,
  type ListedDelivery,
} from './event-inspection.ts'
export {
  createEventRedelivery,
  type DeliverySelection,
  type OnProgress,
  type ReplaySelection,
} from './event-redelivery.ts'
export { on, type Delivery, type Listener, type ListenerOptions } from './listener.ts'
export { createListenerWorkers, type ListenerWorkersDeps } from './listener-workers.ts'
export { createOutbox, type Outbox, type OutboxTable } from './outbox.ts'
export { createOutboxNotifier, type OutboxNotifier } from './outbox-notifier.ts'
export { pruneEvents } from './prune-events.ts'
export { pruneEventsTask } from './prune-events.task.ts'
export { createRelay, type RelayDeps } from './relay.ts'
export { createSubscriptions, type Subscriptions, type SubscriptionsDeps } from './subscriptions.ts'
export { createTaskDeliveries } from './task-deliveries.ts'
export { createTaskOutbox, type TaskOutbox, type TaskOutboxTables } from './task-outbox.ts'
export { removeSubscriptions } from './unsubscribe.ts'
export { createSweep, type SweepDeps } from './sweep.ts'
export {
  createTransactionInbox,
  noTransactionInbox,
  type TransactionInbox,
} from './transaction-inbox.ts'
