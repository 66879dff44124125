import { messageNamespace } from "@loan-engine/adapters-xml/soap-envelope"

/** The part of a service description that the `soap` package needs for these two operations. */
export const wsdl = `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="${messageNamespace}" targetNamespace="${messageNamespace}">
<wsdl:types><xs:schema targetNamespace="${messageNamespace}" elementFormDefault="unqualified">
  <xs:element name="getApplicationStatus"><xs:complexType><xs:sequence>
    <xs:element name="applicationReference" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="getApplicationStatusResponse"><xs:complexType><xs:sequence>
    <xs:element name="waitingForAddition" type="xs:boolean"/>
    <xs:element name="signedWithMethod" type="xs:string" minOccurs="0"/>
    <xs:element name="paidOut" type="xs:boolean"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="getApplicationQuote"><xs:complexType><xs:sequence>
    <xs:element name="applicationReference" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="getApplicationQuoteResponse"><xs:complexType><xs:sequence>
    <xs:element name="applicationQuoteResult"><xs:complexType><xs:sequence>
      <xs:element name="applicationReference" type="xs:string"/>
      <xs:element name="decision" type="xs:string"/>
      <xs:element name="approvedAmount" type="xs:decimal" minOccurs="0"/>
      <xs:element name="interest" type="xs:decimal" minOccurs="0"/>
      <xs:element name="tenor" type="xs:int" minOccurs="0"/>
      <xs:element name="monthlyCost" type="xs:decimal" minOccurs="0"/>
      <xs:element name="documentTypes" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema></wsdl:types>
${["getApplicationStatus", "getApplicationQuote"]
  .map(
    (name) => `<wsdl:message name="${name}"><wsdl:part name="parameters" element="m:${name}"/></wsdl:message>
<wsdl:message name="${name}Response"><wsdl:part name="parameters" element="m:${name}Response"/></wsdl:message>`,
  )
  .join("\n")}
<wsdl:portType name="Port">
${["getApplicationStatus", "getApplicationQuote"]
  .map(
    (name) =>
      `<wsdl:operation name="${name}"><wsdl:input message="m:${name}"/><wsdl:output message="m:${name}Response"/></wsdl:operation>`,
  )
  .join("\n")}
</wsdl:portType>
<wsdl:binding name="Binding" type="m:Port">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${["getApplicationStatus", "getApplicationQuote"]
  .map(
    (name) =>
      `<wsdl:operation name="${name}"><soap:operation soapAction=""/><wsdl:input><soap:body use="literal"/></wsdl:input>` +
      `<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>`,
  )
  .join("\n")}
</wsdl:binding>
<wsdl:service name="ApplicationService"><wsdl:port name="Port" binding="m:Binding">
<soap:address location="http://127.0.0.1/"/></wsdl:port></wsdl:service>
</wsdl:definitions>`
