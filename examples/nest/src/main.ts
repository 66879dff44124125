/** A merchant's service on NestJS. */
import "reflect-metadata"
import { Controller, Get, Inject, Module, Param, Post, Req, Res } from "@nestjs/common"
import type { OnApplicationShutdown } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import type { IncomingMessage, ServerResponse } from "node:http"
import { openLoanEngine } from "@loan-engine/app"
import type { LoanEngineHandle, LoanJson } from "@loan-engine/app"

const ENGINE = "loan engine"

@Controller()
class LoansController implements OnApplicationShutdown {
  constructor(@Inject(ENGINE) private readonly engine: LoanEngineHandle) {}

  /**
   * The bank's callbacks: /callbacks/se. `rawBody: true` below keeps the original bytes, which the signature covers.
   */
  @Post("callbacks/:account")
  callback(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.engine.listener(request, response)
  }

  @Get("loans/:reference")
  loan(@Param("reference") reference: string): Promise<LoanJson> {
    return this.engine.loan(reference)
  }

  onApplicationShutdown(): Promise<void> {
    return this.engine.close()
  }
}

@Module({
  controllers: [LoansController],
  providers: [{ provide: ENGINE, useFactory: () => openLoanEngine({}, { environment: process.env }) }],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { rawBody: true, logger: ["error", "warn"] })
app.enableShutdownHooks()
// The API and the console: /bank/v1, /bank/console. A middleware runs before Nest's own body parser.
app.use("/bank", app.get<LoanEngineHandle>(ENGINE).listener)
await app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1")
process.stdout.write(`listening on ${await app.getUrl()}\n`)
