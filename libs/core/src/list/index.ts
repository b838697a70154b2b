export {
  defineList,
  type ListDefinition,
  type ListOptions,
  type ListRequest,
} from './define-list.ts'
export {
  bigInteger,
  decimal,
  flag,
  float,
  integer,
  oneOf,
  text,
  time,
  uuid,
  type ListField,
} from './fields.ts'
export { linksOf } from './links.ts'
