// A peer: NestJS with its own modules for tokens, limits and validation, nestjs-pino, helmet, Prometheus metrics and pg, as their documentation
// shows. To be bundled, because Node cannot read decorators.
import 'reflect-metadata'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import {
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  HttpCode,
  Injectable,
  Module,
  ParseIntPipe,
  Post,
  Query,
  Req,
  UseGuards,
  ValidationPipe,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common'
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core'
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport'
import { ThrottlerGuard, ThrottlerModule, type ThrottlerStorage } from '@nestjs/throttler'
import { IsEmail, MaxLength } from 'class-validator'
import helmet from 'helmet'
import { Redis } from 'ioredis'
import { Logger, LoggerModule } from 'nestjs-pino'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { Pool } from 'pg'
import { Histogram } from 'prom-client'
import { tap, type Observable } from 'rxjs'
import { createQueries } from './queries.ts'

const queries = createQueries(
  new Pool({ connectionString: process.env['DATABASE_URL'] ?? '', max: 10 }),
)
const publicPem = createPublicKey(
  createPrivateKey({
    key: Buffer.from(process.env['AUTH_JWT_PRIVATE_KEY'] ?? '', 'base64'),
    format: 'der',
    type: 'pkcs8',
  }),
)
  .export({ format: 'pem', type: 'spki' })
  .toString()

const durations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer a request.',
  labelNames: ['method', 'route', 'status'],
})

interface Caller {
  user: { id: number }
}

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: publicPem,
      algorithms: ['ES256'],
    })
  }

  validate({ sub }: { sub: string }): Caller['user'] {
    return { id: Number(sub) }
  }
}

/** What the package that its documentation names does, which does not take NestJS 12 yet: one script for each request. */
class RedisStorage implements ThrottlerStorage {
  readonly #redis = new Redis(process.env['REDIS_URL'] ?? '', { keyPrefix: 'nest:' })

  async increment(key: string, ttl: number) {
    const [hits, left] = (await this.#redis.eval(
      `local hits = redis.call('INCR', KEYS[1])
       if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
       return { hits, redis.call('PTTL', KEYS[1]) }`,
      1,
      key,
      ttl,
    )) as [number, number]
    const timeToExpire = Math.ceil(left / 1_000)
    return { totalHits: hits, timeToExpire, isBlocked: false, timeToBlockExpire: 0 }
  }
}

@Injectable()
class Metrics implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp()
    const { method, route } = http.getRequest<{ method: string; route: { path: string } }>()
    const end = durations.startTimer({ method, route: route.path })
    return next.handle().pipe(
      tap(() => {
        end({ status: http.getResponse<{ statusCode: number }>().statusCode })
      }),
    )
  }
}

class RestoreDto {
  @IsEmail()
  @MaxLength(254)
  email!: string
}

@Controller('health')
class HealthController {
  @Get('live')
  live(): object {
    return { status: 'ok' }
  }
}

@Controller('api/v1')
class ApiController {
  @UseGuards(AuthGuard('jwt'))
  @Get('profile')
  async profile(@Req() { user }: Caller): Promise<object> {
    return { data: await queries.findUser(user.id) }
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('users')
  async users(@Query('page', new DefaultValuePipe(1), ParseIntPipe) page: number): Promise<object> {
    const { rows, total } = await queries.findPage(page)
    return { data: rows, meta: { pagination: { total, page, per_page: 20 } } }
  }

  @HttpCode(202)
  @Post('auth/restore-password')
  async restore(@Body() { email }: RestoreDto): Promise<void> {
    await queries.requestReset(email)
  }
}
// What the compiler would write of the types, and the bundler does not.
Reflect.defineMetadata('design:paramtypes', [RestoreDto], ApiController.prototype, 'restore')

@Module({
  imports: [
    LoggerModule.forRoot(),
    PassportModule,
    ThrottlerModule.forRoot({
      throttlers: [{ ttl: 60_000, limit: 1_000_000_000 }],
      storage: new RedisStorage(),
    }),
  ],
  controllers: [HealthController, ApiController],
  providers: [
    JwtStrategy,
    { provide: APP_GUARD, useClass: ThrottlerGuard },
    { provide: APP_INTERCEPTOR, useClass: Metrics },
  ],
})
class AppModule {}

void main()

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { bufferLogs: true })
  app.useLogger(app.get(Logger))
  app.use(helmet())
  app.useGlobalPipes(new ValidationPipe({ whitelist: true }))
  await app.listen(Number(process.env['PORT']), '127.0.0.1')
}
