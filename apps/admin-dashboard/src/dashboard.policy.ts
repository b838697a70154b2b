import type { UserDto } from '@ashlar/auth/contract'

export const canUseDashboard = ({ status, role }: Pick<UserDto, 'status' | 'role'>): boolean =>
  status === 'active' && role === 'admin'
